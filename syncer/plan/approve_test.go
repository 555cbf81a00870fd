// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestIDChangesWithTheInput(t *testing.T) {
	t.Parallel()
	none := 0
	in := Input{
		Owner: us, Deletes: DeletePolicy{Max: &none},
		Observed: map[secrets.Address]secrets.Entry{token: entry(3, by(us, 3))},
		Descends: map[string]bool{older: true},
	}
	id := ID("c1", Make(in))
	if id == "" || id != ID("c1", Make(in)) {
		t.Fatalf("the id is %q, and another the second time", id)
	}
	if id == ID("c2", Make(in)) {
		t.Error("another commit has the same id")
	}
	in.Observed[token] = entry(4, by(us, 4))
	if id == ID("c1", Make(in)) {
		t.Error("another version has the same id")
	}
}
