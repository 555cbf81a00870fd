// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// A controller can have hundreds of sources: Vault is asked once which of them the person may
// approve, not once for each.
func TestOneRequestShowsWhichSourcesThePersonMayApprove(t *testing.T) {
	t.Parallel()
	daemon := daemonOf("shop", vaulttest.Workflow(t))
	for _, source := range []string{"pay", "mail", "not/valid"} {
		daemon.status.Sources = append(daemon.status.Sources, report.Status{Source: source, Branch: "main"})
	}
	w := newWorld(t, daemon.serve(t))
	b := w.logIn(t, w.rules(t, policy.Approver, func(g *policy.Grant) { g.Controller, g.Sources = "controller", []string{"shop", "mail"} }))
	w.proxy.Reset()
	page := b.get("/sources")
	for source, want := range map[string]bool{"shop": true, "mail": true, "pay": false, "not/valid": false} {
		if got := strings.Contains(page.body, `translate="no">`+source+"<"); got != want {
			t.Errorf("source %s shown: %t, expected %t\n%s", source, got, want, page.main())
		}
	}
	asked := 0
	for _, sent := range w.proxy.Requests() {
		if strings.Contains(string(sent.Body), "metadata/relay-sync/controller/") {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("%d requests about approvals, expected 1", asked)
	}
}
