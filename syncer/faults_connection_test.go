// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"maps"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	awsOne = "connections:\n  aws:\n    main: {accessKeyID: id, secretAccessKey: first}\n"
	awsTwo = "connections:\n  aws:\n    main: {accessKeyID: id, secretAccessKey: second}\n"
)

// connectionOperations are those of one source on a connection.
var connectionOperations = []operation{
	{
		name:  "create a connection",
		world: connectionPrepared("", awsOne),
		run:   creates,
		also:  func(w *world) { w.wantConnection(map[string]string{"accessKeyID": "id", "secretAccessKey": "first"}) },
	},
	{
		name:  "change a connection",
		world: connectionPrepared(awsOne, awsTwo),
		run:   syncs(Request{}),
		also:  func(w *world) { w.wantConnection(map[string]string{"accessKeyID": "id", "secretAccessKey": "second"}) },
	},
	{
		name:  "delete a connection",
		world: connectionPrepared(awsOne, ""),
		run:   syncs(Request{}),
		also:  func(w *world) { w.wantConnection(nil) },
	},
}

// connectionPrepared is a world in which a manifest with these connections is synced, and then
// changed. Relay has written a connection beside it.
func connectionPrepared(before, change string) func(t *testing.T) *world {
	return func(t *testing.T) *world {
		t.Helper()
		w := newConnectionWorld(t)
		w.cfg.Vault.Concurrency = 1
		w.vault.WriteRelayConnection(t, w.cfg.Vault.Domain, "jira", "foreign", "url", "untouched")
		w.commitWith(before)
		w.endsClean(Request{Apply: true})
		w.commitWith(change)
		return w.world
	}
}

// wantConnection checks the connection, and after the time for readers of older bodies that no
// other body is live than its own and the foreign one.
func (w *world) wantConnection(want map[string]string) {
	w.t.Helper()
	domain := w.cfg.Vault.Domain
	bodies, pointer := w.vault.Bodies(w.t, domain, "aws", "jira"), w.vault.Pointer(w.t, domain, "aws", "main")
	if got := bodies[pointer]; !maps.Equal(got, want) {
		w.t.Errorf("the connection has %q, want %q", got, want)
	}
	w.proxy.Skew(11 * time.Minute)
	if w.ask(Request{Apply: true}).Outcome() != report.Clean {
		w.t.Errorf("a later sync is not clean:\n%s", w.text())
	}
	left := w.vault.Bodies(w.t, domain, "aws", "jira")
	if got := left["_foreign"]["url"]; got != "untouched" || w.vault.Pointer(w.t, domain, "jira", "foreign") != "_foreign" {
		w.t.Errorf("the foreign connection has %q", got)
	}
	delete(left, "_foreign")
	if delete(left, pointer); len(left) > 0 {
		w.t.Errorf("bodies that no pointer names stay live: %v", left)
	}
}
