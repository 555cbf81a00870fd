// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// TestRewrittenHistoryMakesTheWholePlanPending has one secret of a lost history among others.
func TestRewrittenHistoryMakesTheWholePlanPending(t *testing.T) {
	t.Parallel()
	lost := by(us, 1)
	r := lost[us]
	r.Revision = strange
	lost[us] = r
	in := Input{
		Owner: us, History: RefuseHistory, Deletes: DeletePolicy{AllowEmpty: true},
		Descends: map[string]bool{older: true, strange: false},
		Observed: map[secrets.Address]secrets.Entry{
			deploy.Secret("as it was"): entry(1, by(us, 1)), deploy.Secret("changed"): entry(1, by(us, 1)),
			deploy.Secret("lost"): entry(1, lost), deploy.Secret("unwanted"): entry(1, by(us, 1)),
		},
	}
	for _, name := range []string{"as it was", "changed", "lost", "new"} {
		w := Want{Address: deploy.Secret(name), Sealed: noon, SOPS1: "same", Key1: "key"}
		if name == "changed" {
			w.SOPS1 = "other"
		}
		in.Wants = append(in.Wants, w)
	}
	describe := func(actions []Action) string {
		var out []string
		for _, a := range actions {
			out = append(out, a.Address.Name+" "+string(a.Kind))
		}
		return strings.Join(out, ", ")
	}
	actions := Make(in)
	if got, want := describe(actions), "as it was unchanged, changed pending approval, lost pending approval, new pending approval, unwanted pending approval"; got != want {
		t.Errorf("planned %s, want %s", got, want)
	}
	if got, want := describe(Approve(actions)), "as it was unchanged, changed change, lost re-encrypted, new add, unwanted delete"; got != want {
		t.Errorf("approved %s, want %s", got, want)
	}
}
