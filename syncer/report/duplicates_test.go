// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

func TestSecretInTwoManifestsIsRefusedWhereOnlyOneCanHaveIt(t *testing.T) {
	t.Parallel()
	secret := sopsfile.Leaf{Workflow: "deploy", Name: "token", Line: 3}
	field := sopsfile.Leaf{Type: "aws", Connection: "main", Name: "accessKeyID", Line: 8}
	other := sopsfile.Leaf{Type: "aws", Connection: "main", Name: "secretAccessKey", Line: 9}
	in := func(source, commit, file string, leaves ...sopsfile.Leaf) Verified {
		return Verified{Source: source, Commit: commit, File: file, Leaves: leaves, Secrets: 1}
	}
	for _, row := range []struct {
		name          string
		a, b          Verified
		refused, note string // parts of the texts for a; b has the same kind of text
	}{
		{"two files of a source", in("s", "c1", "a.yaml", secret), in("s", "c1", "b.yaml", secret), "line 3: workflows.deploy.token is claimed more than once, also by b.yaml:3 of source s; keep one", ""},
		{"files of two sources in one commit", in("s", "c1", "a.yaml", secret), in("t", "c1", "b.yaml", secret), "also by b.yaml:3 of source t", ""},
		{"a file of two sources", in("s", "", "a.yaml", secret), in("t", "", "a.yaml", secret), "also by a.yaml:3 of source t", ""},
		{"a connection", in("s", "c1", "a.yaml", field, other), in("s", "c1", "b.yaml", field, other), "line 8: connections.aws.main is claimed more than once, also by b.yaml:8", ""},
		{"a hand-over between two repositories", in("s", "c1", "a.yaml", secret), in("t", "c2", "b.yaml", secret), "", "workflows.deploy.token is also in b.yaml:3 of source t"},
		{"files that no source selects", in("", "", "a.yaml", secret), in("", "", "b.yaml", secret), "", "also in b.yaml:3"},
		{"a file that is named twice", in("", "", "a.yaml", secret), in("", "", "./a.yaml", secret), "", ""},
		{"names with dots", in("s", "c1", "a.yaml", sopsfile.Leaf{Workflow: "a.b", Name: "c"}), in("s", "c1", "b.yaml", sopsfile.Leaf{Workflow: "a", Name: "b.c"}), "", ""},
		{"different secrets", in("s", "c1", "a.yaml", secret), in("s", "c1", "b.yaml", field), "", ""},
	} {
		both := []Verified{row.a, row.b}
		RefuseDuplicates(both)
		for _, v := range both {
			if (v.Err != nil) != (row.refused != "") || (v.Secrets == 0) != (row.refused != "") || (len(v.Notes) > 0) != (row.note != "") {
				t.Errorf("%s: %s: refused %v, notes %q", row.name, v.File, v.Err, v.Notes)
			}
		}
		if got := ErrorText(both[0].Err); !strings.Contains(got, row.refused) || strings.Count(got, "more than once") > 1 {
			t.Errorf("%s: %q, want %q", row.name, got, row.refused)
		}
		if got := strings.Join(both[0].Notes, " "); !strings.Contains(got, row.note) {
			t.Errorf("%s: %q, want %q", row.name, got, row.note)
		}
	}
}

// TestManyClaimsOfOneSecretAreCut: the text does not grow with the square of the files, and
// a note does not hide a refusal.
func TestManyClaimsOfOneSecretAreCut(t *testing.T) {
	t.Parallel()
	secret := sopsfile.Leaf{Workflow: "deploy", Name: "token", Line: 3}
	var all []Verified
	for i := range 30 {
		all = append(all, Verified{Source: "other", Commit: fmt.Sprint(i), File: "a.yaml", Leaves: []sopsfile.Leaf{secret}})
	}
	for i := range 30 {
		all = append(all, Verified{Source: "shop", Commit: "c", File: fmt.Sprintf("%d.yaml", i), Leaves: []sopsfile.Leaf{secret}})
	}
	RefuseDuplicates(all)
	for _, v := range all {
		text := ErrorText(v.Err) + strings.Join(v.Notes, " ")
		if refused := v.Err != nil; refused != (v.Source == "shop") || len(text) > 500 || !strings.Contains(text, ", and more") {
			t.Errorf("%s of %s: %d bytes: %s", v.File, v.Source, len(text), text)
		}
	}
}
