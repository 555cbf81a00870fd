// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// connectionWorld is a world whose source may write two connections, and Relay's own
// reader of them.
type connectionWorld struct {
	*world
	relay *relaytest.Reader
}

func newConnectionWorld(t *testing.T) *connectionWorld {
	t.Helper()
	w := &connectionWorld{world: newWorld(t, 1)}
	domain := vaulttest.Workflow(t)
	w.cfg.Vault.Domain = domain
	w.cfg.Sources[0].Connections = []string{"aws/main", "slack/team"}
	w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.writer())
	w.relay = relaytest.Start(t, w.vault, w.vault.Token(t, strings.ReplaceAll(`
path "customers/data/connections/DOMAIN/*"     { capabilities = ["read"] }
path "customers/metadata/connections/DOMAIN/*" { capabilities = ["list"] }`, "DOMAIN", domain)))
	return w
}

// writer is a token of the role that the daemon has.
func (w *connectionWorld) writer() string {
	w.t.Helper()
	rules, err := policy.For(policy.Grant{
		Role: policy.Writer, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow(0)}, ConnectionsDomain: w.cfg.Vault.Domain,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.vault.Token(w.t, rules)
}

// commitWith seals a manifest of one secret and these connections, and commits it.
func (w *connectionWorld) commitWith(connections string) {
	w.t.Helper()
	w.seal("all.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: one\n%s", w.workflow(0), connections))
	w.commit()
}

func (w *connectionWorld) finds(kind, name string, want map[string]string) {
	w.t.Helper()
	if got, _ := w.relay.Connection(w.cfg.Vault.Domain, kind, name); !maps.Equal(got, want) {
		w.t.Errorf("Relay reads %s/%s as %q, want %q", kind, name, got, want)
	}
}

const awsAndSlack = `connections:
  aws:
    main: {accessKeyID: AKIA, secretAccessKey: "base64:x"}
  slack:
    team: {apiToken: xoxb}
`

func TestConnectionsOfAManifestAreCreatedChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.commitWith(awsAndSlack)
	rep := w.sync(true)
	if s := rep.Summary(); s.Add != 3 || rep.Outcome() != report.Clean {
		t.Fatalf("the first sync: %+v\n%s", s, w.text())
	}
	if !strings.Contains(w.text(), "connections aws") {
		t.Errorf("the report does not say that these are connections:\n%s", w.text())
	}
	w.finds("aws", "main", map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "base64:x"})
	w.finds("slack", "team", map[string]string{"apiToken": "xoxb"})
	w.wantRead(w.workflow(0), "token", "one")
	w.writes()

	t.Log("the same commit again sends no value")
	if rep := w.sync(true); w.writes() != 0 || rep.Summary().Unchanged != 3 {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}

	t.Log("a changed field is a whole new connection")
	w.sops("set", "all.yaml", `["connections"]["aws"]["main"]["secretAccessKey"]`, `"two"`)
	w.commit()
	if rep := w.sync(true); rep.Summary().Change != 1 || rep.Outcome() != report.Clean {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	w.finds("aws", "main", map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "two"})

	t.Log("a field that another writer overwrites is repaired")
	w.overwriteField("slack", "team", "apiToken")
	if w.sync(false); !strings.Contains(w.text(), "field apiToken overwritten: version 2 at ") {
		t.Errorf("the plan does not show the field:\n%s", w.text())
	}
	if rep := w.sync(true); rep.Summary().Repair != 1 {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	w.finds("slack", "team", map[string]string{"apiToken": "xoxb"})

	t.Log("one that vanishes from git is deleted, and the other is not")
	w.commitWith("connections:\n  aws:\n    main: {accessKeyID: AKIA, secretAccessKey: two}\n")
	if rep := w.sync(true); rep.Summary().Delete != 1 || rep.Outcome() != report.Clean {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	if fields, found := w.relay.Connection(w.cfg.Vault.Domain, "slack", "team"); found {
		t.Errorf("Relay still reads %q", fields)
	}
	w.finds("aws", "main", map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "two"})
	w.proxy.AssertBlind(t)
}

// overwriteField writes a field of the live body as an outside change.
func (w *connectionWorld) overwriteField(kind, name, field string) {
	w.t.Helper()
	base := "customers/data/connections/" + w.cfg.Vault.Domain + "/"
	_, answer := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet, base+kind+"/"+name, nil)
	data, _ := answer["data"].(map[string]any)
	pointer, _ := data["data"].(map[string]any)
	status, _ := w.vault.Call(w.t, w.vault.RootToken, http.MethodPost, fmt.Sprint(base, pointer["value"], "/", field),
		map[string]any{"data": map[string]string{"value": "theirs"}})
	if status != http.StatusOK {
		w.t.Fatalf("overwriting a field: status %d", status)
	}
}

// TestNewFingerprintKeySignsTheRecordsOfConnections: one that is deleted, and one with a
// field that another writer changed, which is only reported.
func TestNewFingerprintKeySignsTheRecordsOfConnections(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.cfg.Sources[0].Drift = plan.ReportOnly
	dir := t.TempDir()
	w.cfg.FingerprintKeyFile = write(t, dir, "key", someKey)
	w.commitWith(awsAndSlack)
	w.sync(true)
	aws, _, _ := strings.Cut(awsAndSlack, "  slack:")
	w.commitWith(aws)
	w.sync(true)
	w.overwriteField("aws", "main", "accessKeyID")
	w.writes()

	write(t, dir, "key", strings.ToUpper(someKey)+someKey)
	if s := w.sync(false).Summary(); s.OlderKey != 3 || w.noted() != 0 {
		t.Errorf("the plan: %+v\n%s", s, w.text())
	}
	if s := w.sync(true).Summary(); s.Signed != 2 || s.OlderKey != 0 || w.writes() != 0 {
		t.Errorf("the sync: %+v\n%s", s, w.text())
	}
	write(t, dir, "key", strings.ToUpper(someKey))
	if s := w.sync(false).Summary(); s.Drift != 1 || s.Blocked != 0 {
		t.Errorf("without the old key: %+v\n%s", s, w.text())
	}
	w.commitWith(awsAndSlack)
	if s := w.sync(true).Summary(); s.Add != 1 || s.Failed+s.Blocked != 0 {
		t.Errorf("the deleted connection again: %+v\n%s", s, w.text())
	}
}

func TestRotatedFileDoesNotWriteConnections(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.cfg.FingerprintKeyFile = write(t, t.TempDir(), "key", strings.Repeat("k", 32))
	w.commitWith(awsAndSlack)
	w.sync(true)
	w.writes()
	w.sops("rotate", "--in-place", "all.yaml")
	w.commit()
	if rep := w.sync(true); w.writes() != 0 || rep.Summary().UpdateRecord != 3 {
		t.Errorf("after a rotation: %+v\n%s", rep.Summary(), w.text())
	}
	t.Log("and the record still knows the body")
	w.overwriteField("aws", "main", "accessKeyID")
	if rep := w.sync(true); rep.Summary().Repair != 1 {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	w.finds("aws", "main", map[string]string{"accessKeyID": "AKIA", "secretAccessKey": "base64:x"})
}

func TestConnectionOfTerraformIsAdoptedOnlyOnRequest(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	raw, err := vaultclient.Connect(vaultclient.Settings{Address: w.vault.Address, Token: w.writer()}, secrets.Config{Owner: "terraform/shop", Settle: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	terraform := connections.New(raw, func(text string) { t.Error(text) })
	a := connections.Address(secrets.Scope{Mount: "customers"}, w.cfg.Vault.Domain, "slack", "team")
	if _, err := terraform.Put(context.Background(), secrets.Write{Address: a, Fields: map[string]secrets.Value{"apiToken": secrets.NewValue("theirs")}}); err != nil {
		t.Fatal(err)
	}
	w.commitWith(awsAndSlack)
	if rep := w.sync(true); rep.Summary().Blocked != 1 || !strings.Contains(w.text(), "relay-sync adopt 'connection:slack/team' --reason ...") {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	w.finds("slack", "team", map[string]string{"apiToken": "theirs"})
	if rep := w.ask(Request{Apply: true, Adopt: []string{"connection:slack/team"}}); rep.Summary().Adopt != 1 {
		t.Errorf("%+v\n%s", rep.Summary(), w.text())
	}
	w.finds("slack", "team", map[string]string{"apiToken": "xoxb"})
}

func TestUnusableConnectionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	canary := vaulttest.Canary(t)
	for name, c := range map[string]struct{ connections, want string }{
		"a missing field": {"connections:\n  aws:\n    main: {accessKeyID: " + canary + "}\n", "needs accessKeyID, secretAccessKey: missing secretAccessKey"},
		"one not listed":  {"connections:\n  slack:\n    other: {apiToken: " + canary + "}\n", "connections.slack.other is not a connection that source shop may write"},
		"a UUID as type":  {"connections:\n  0b7c2d1e-35c1-4c1f-8f5f-0c1b8e1a2d3e:\n    x: {a: " + canary + "}\n", "is a UUID"},
	} {
		w.commitWith(c.connections)
		if rep := w.sync(true); len(rep.Failures) != 1 || !strings.Contains(w.text(), c.want) {
			t.Errorf("%s: %+v\n%s", name, rep.Failures, w.text())
		}
		verified := VerifyFile("all.yaml", []byte(w.read("all.yaml")))
		if refused := verified.Err != nil; refused != (name != "one not listed") {
			t.Errorf("%s: verify reports %v", name, verified.Err)
		}
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d values were sent for them", n)
	}
	vaulttest.AssertNoCanary(t, canary, w.output)

	t.Log("an unknown type is allowed, with a warning")
	w.seal("own.yaml", "connections:\n  warehouse:\n    main: {anything: x}\n")
	if v := VerifyFile("own.yaml", []byte(w.read("own.yaml"))); v.Err != nil || len(v.Notes) != 1 || v.Connections != 1 || v.Secrets != 0 {
		t.Errorf("verify reports %+v", v)
	}
}

// Readers hold the body that the former source wrote: the record of the new source names
// it, so that it is deleted later and not left for ever.
func TestConnectionThatMovesBetweenSourcesKeepsItsBodies(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.cfg.Sources[0].Files = []string{"team-a/*.yaml"}
	former := w.cfg.Sources[0]
	former.Name, former.Files = "till", []string{"team-b/*.yaml"}
	w.cfg.Sources = append(w.cfg.Sources, former)
	w.team("team-a/own.yaml", "own", "one")
	w.team("team-b/own.yaml", "other", "one")
	w.seal("team-b/moved.yaml", "connections:\n  aws:\n    main:\n      accessKeyID: id\n      secretAccessKey: first\n")
	w.commit()
	w.endsClean(Request{Apply: true})
	raw, err := vaultclient.Connect(vaultclient.Settings{Address: w.vault.Address, Token: w.writer()}, secrets.Config{Owner: "terraform/shop"})
	if err != nil {
		t.Fatal(err)
	}
	client := connections.New(raw, func(text string) { t.Error(text) })
	a := connections.Address(w.cfg.Vault.Root(), w.cfg.Vault.Domain, "aws", "main")
	first, err := client.Describe(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	owner, _ := first.Owner()
	w.run("git", "mv", "team-b/moved.yaml", "team-a/moved.yaml")
	w.commit()
	w.endsClean(Request{Apply: true})
	w.finds("aws", "main", map[string]string{"accessKeyID": "id", "secretAccessKey": "first"})
	now, err := client.Describe(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	next, _ := now.Owner()
	if body := now.Records[next].Body; next == owner || body.Superseded[0] != first.Records[owner].Body.ID {
		t.Errorf("%s has %+v, the former owner %s had %+v", next, body, owner, first.Records[owner].Body)
	}
}

// TestSyncsCostByWhatIsLive: however often a connection changed, an unchanged sync of a new
// process sends as many requests as after the first change, also that of another owner.
func TestSyncsCostByWhatIsLive(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.commitWith(awsAndSlack)
	cost := func(controller string) int {
		before := w.cfg.Controller
		w.cfg.Controller = controller
		defer func() { w.cfg.Controller = before }()
		w.proxy.Reset()
		if w.sync(true); controller == before {
			w.wantText("Applied: 3 unchanged.")
		}
		return len(w.proxy.Requests())
	}
	change := func(value string) {
		w.sops("set", "all.yaml", `["connections"]["aws"]["main"]["secretAccessKey"]`, `"`+value+`"`)
		w.commit()
		w.sync(true)
	}
	w.sync(true)
	change("first")
	was, others := cost(w.cfg.Controller), cost("another")
	for i := range 10 {
		change(fmt.Sprint(i))
	}
	if now, theirs := cost(w.cfg.Controller), cost("another"); now != was || theirs != others {
		t.Errorf("after ten more changes %d requests, and %d of another owner; after one change %d and %d", now, theirs, was, others)
	}
}
