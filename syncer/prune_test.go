// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// TestPruneLeavesAVersionThatAReplicaWroteSinceThePlan: the replica has another commit
// and the same owner.
func TestPruneLeavesAVersionThatAReplicaWroteSinceThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	manifest := func(names ...string) string {
		text := fmt.Sprintf("workflows:\n  %s:\n", w.workflow(0))
		for _, name := range names {
			text += fmt.Sprintf("    %s: first\n", name)
		}
		return text
	}
	w.seal("a.yaml", manifest("token", "other", "third", "fourth"))
	w.commit()
	w.sync(true)
	owner, err := secrets.GitOpsOwner(w.cfg.Controller, "shop")
	if err != nil {
		t.Fatal(err)
	}
	replica, err := vaultclient.Connect(
		vaultclient.Settings{Address: w.vault.Address, Token: w.vault.Writer(t)}, secrets.Config{Owner: owner, Settle: w.cfg.Vault.Settle})
	if err != nil {
		t.Fatal(err)
	}
	a := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: w.workflow(0)}.Secret("token")
	w.seal("a.yaml", manifest("other", "third", "fourth"))
	w.commit()

	// The first observation is the plan's, the second that of the removal.
	var observations atomic.Int32
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/token") && observations.Add(1) == 2 {
			observed, err := replica.Describe(t.Context(), a)
			if err == nil {
				_, err = replica.Put(t.Context(), secrets.Write{Address: a, Value: secrets.NewValue("second"), Observed: observed})
			}
			if err != nil {
				t.Errorf("the replica: %v", err)
			}
		}
		return vaulttest.Action{}
	})
	rep := w.sync(true)
	w.wantRead(w.workflow(0), "token", "second")
	want := "not deleted: the same owner has written a newer version since; version 2 of "
	for _, r := range rep.Results {
		if r.Address.Name == "token" && (r.Kind != plan.Release || !strings.Contains(r.Cause, want)) {
			t.Errorf("reported as %s: %q", r.Kind, r.Cause)
		}
	}
	if !strings.Contains(w.text(), want) || !strings.Contains(w.text(), "stays; if no program needs it any more, delete it: "+a.DeleteCommand(2)) {
		t.Errorf("the report does not contain %q:\n%s", want, w.text())
	}
	entry, err := replica.Describe(t.Context(), a)
	if verdict := secrets.Judge(owner, entry, nil); err != nil || verdict.State != secrets.InSync {
		t.Errorf("the replica's record: %s, %v", verdict, err)
	}

	// That command, as the vault command sends it.
	if status, answer := w.vault.Call(t, w.vault.RootToken, http.MethodPost, "customers/delete/workflows/"+w.workflow(0)+"/token", map[string]any{"versions": []int{2}}); status >= 300 {
		t.Fatal(status, answer)
	}
	w.endsInSync()
	w.gone(w.workflow(0), "token")
}
