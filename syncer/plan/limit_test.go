// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestDeletesAreLimited(t *testing.T) {
	t.Parallel()
	number := func(n int) *int { return &n }
	// Four of this owner in deploy, one in other; some are still wanted.
	input := func(policy DeletePolicy, wants ...string) Input {
		in := Input{
			Owner: us, Deletes: policy, Observed: map[secrets.Address]secrets.Entry{},
			Descends: map[string]bool{older: true},
		}
		other := deploy
		other.Group = "other"
		for _, address := range []secrets.Address{deploy.Secret("a"), deploy.Secret("b"), deploy.Secret("c"), deploy.Secret("d"), other.Secret("e")} {
			in.Observed[address] = entry(1, by(us, 1))
			if slices.Contains(wants, address.Name) {
				in.Wants = append(in.Wants, Want{Address: address, SOPS1: "same", Key1: "key", Sealed: noon})
			}
		}
		return in
	}
	for _, row := range []struct {
		name string
		in   Input
		want string
	}{
		{"within all bounds", input(DeletePolicy{}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"more than max", input(DeletePolicy{Max: number(1)}, "a", "b", "e"), "= a, = b, pending c, pending d, = e"},
		{"none allowed", input(DeletePolicy{Max: number(0)}, "a", "b", "c", "e"), "= a, = b, = c, pending d, = e"},
		{"more than the share", input(DeletePolicy{MaxPercent: number(39)}, "a", "b", "e"), "= a, = b, pending c, pending d, = e"},
		{"just the share", input(DeletePolicy{MaxPercent: number(40)}, "a", "b", "e"), "= a, = b, delete c, delete d, = e"},
		{"a workflow is emptied, others are not", input(DeletePolicy{}, "a", "b", "c"), "= a, = b, = c, delete d, pending e"},
		{"a workflow may be emptied", input(DeletePolicy{AllowEmpty: true}, "a", "b", "c"), "= a, = b, = c, delete d, delete e"},
		{"a new secret does not make up for it", func() Input {
			in := input(DeletePolicy{}, "e")
			in.Wants = append(in.Wants, Want{Address: token})
			return in
		}(), "delete a, delete b, delete c, delete d, add token, = e"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			actions := Make(row.in)
			if got := kinds(actions); got != row.want {
				t.Errorf("planned %s, want %s", got, row.want)
			}
			if waits := Pending(here, "c", actions) != nil; strings.Contains(row.want, "pending") != waits {
				t.Errorf("something waits: %v", waits)
			}
			if approved := Approve(actions); strings.Contains(kinds(approved), "pending") || Pending(here, "c", approved) != nil {
				t.Errorf("something waits after the approval: %s", kinds(approved))
			}
		})
	}
}

func kinds(actions []Action) string {
	var out []string
	for _, a := range actions {
		kind := string(a.Kind)
		switch a.Kind {
		case Unchanged:
			kind = "="
		case PendingApproval:
			kind = "pending"
		}
		out = append(out, kind+" "+a.Address.Name)
	}
	return strings.Join(out, ", ")
}
