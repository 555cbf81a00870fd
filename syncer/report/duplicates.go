// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"path/filepath"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// claim is a secret or connection in a verified manifest.
type claim struct {
	in *Verified
	// file is the path of the manifest in its shortest form.
	file string
	line int
	what sopsfile.Claimed
}

func (c claim) String() string {
	at := fmt.Sprintf("%s:%d", c.in.File, c.line)
	if c.in.Source != "" {
		at += " of source " + c.in.Source
	}
	return at
}

// sameFile means that the file was named twice.
func (c claim) sameFile(other claim) bool {
	return c.in.Source == other.in.Source && c.file == other.file
}

// excludes means that no sync writes a secret that both claim: files of one commit, or of
// one work tree, that sources select. Of two commits, one may be about to hand it over.
// Files that no source selects may be for different Vaults.
func (c claim) excludes(other claim) bool {
	return c.in.Source != "" && other.in.Source != "" && c.in.Commit == other.in.Commit
}

// RefuseDuplicates refuses the manifests that claim what another one claims, too. Where
// both can be right, it adds a note.
func RefuseDuplicates(all []Verified) {
	claims := map[sopsfile.Claimed][]claim{}
	for i := range all {
		for _, c := range claimsOf(&all[i]) {
			claims[c.what] = append(claims[c.what], c)
		}
	}
	for i := range all {
		v := &all[i]
		problems := &sopsfile.Problems{File: v.File}
		for _, c := range claimsOf(v) {
			c.judge(claims[c.what], problems)
		}
		if len(problems.List) > 0 {
			v.Err, v.Secrets, v.Connections = problems, 0, 0
		}
	}
}

// claimsOf are the claims of a manifest in the order of its lines.
func claimsOf(v *Verified) []claim {
	var out []claim
	file := filepath.Clean(v.File)
	for i, leaf := range v.Leaves {
		if i == 0 || v.Leaves[i-1].Claimed() != leaf.Claimed() { // fields of a connection are consecutive
			out = append(out, claim{v, file, leaf.Line, leaf.Claimed()})
		}
	}
	return out
}

// judge adds a problem or a note for the other claims among all.
func (c claim) judge(all []claim, problems *sopsfile.Problems) {
	var excluded, others []string
	for _, other := range all {
		if problem.Enough(excluded) {
			break
		}
		switch {
		case c.sameFile(other):
		case c.excludes(other):
			excluded = append(excluded, other.String())
		case !problem.Enough(others):
			others = append(others, other.String())
		}
	}
	if len(excluded) > 0 {
		problems.Add(sopsfile.Problem{
			Line: c.line, Path: c.what.String(), Text: "is claimed more than once, also by " + problem.Listed(excluded) + "; keep one",
		})
	}
	if len(others) > 0 {
		c.in.Notes = append(c.in.Notes, fmt.Sprintf("line %d: %s is also in %s; of files for one Vault, only one can have it", c.line, c.what, problem.Listed(others)))
	}
}
