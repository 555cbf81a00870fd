// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"
)

func TestVerifyLimits(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	var many []string
	for i := range MaxLeaves + 1 {
		many = append(many, fmt.Sprintf("w%d", i%2), fmt.Sprintf("n%d", i), "v")
	}
	if _, err := Verify("team.yaml", []byte(s.seal(t, ".yaml", plainTree(many[3:]...)))); err != nil {
		t.Errorf("%d leaves: %v", MaxLeaves, err)
	}
	_, err := Verify("team.yaml", []byte(s.seal(t, ".yaml", plainTree(many...))))
	assertProblem(t, err, 1004, "the file contains 1001 secrets; at most 1000 are allowed")

	var wide strings.Builder
	wide.WriteString("workflows: # ENC[\n")
	for i := range 24_000 { // as many as the limit of marks allows, or nearly
		fmt.Fprintf(&wide, "  w%d:\n", i)
	}
	_, err = Verify("team.yaml", []byte(wide.String()+"sops: {}\n"))
	assertProblem(t, err, 1002, "workflows has more than 1000 keys; split the file")

	_, err = Verify("team.yaml", []byte(strings.Repeat("#", MaxBytes+1)))
	assertProblem(t, err, 0, "the file is larger than 1048576 bytes; split it")

	recipients := func(count int) error {
		s.change = func(m *sops.Metadata) { m.KeyGroups[0] = slices.Repeat(m.KeyGroups[0], count) }
		_, err := Verify("team.yaml", []byte(s.sealUsual(t, ".yaml")))
		return err
	}
	if err := recipients(MaxRecipients); err != nil {
		t.Errorf("%d recipients: %v", MaxRecipients, err)
	}
	assertProblem(t, recipients(MaxRecipients+1), 7, "sops has 65 recipients; at most 64 are allowed")

	s.change = func(m *sops.Metadata) { m.KeyGroups, m.ShamirThreshold = slices.Repeat(m.KeyGroups, 2), 2 }
	split := s.sealUsual(t, ".yaml")
	for _, threshold := range []string{"1", "3", "0", "-1"} {
		edited := strings.Replace(split, "shamir_threshold: 2", "shamir_threshold: "+threshold, 1)
		_, err = Verify("team.yaml", []byte(edited))
		assertProblem(t, err, 33, "sops.shamir_threshold must be 2 to 2, the number of key groups")
	}
}

// However much of a file is missing, as after a full disk, it is never half applied.
func TestVerifyRefusesTruncatedFiles(t *testing.T) {
	t.Parallel()
	for _, format := range []string{".yaml", ".json"} {
		file := newSealer(t).sealUsual(t, format)
		mac := strings.LastIndex(file, "type:str]")
		for end := range mac {
			if m, err := Verify("team"+format, []byte(file[:end])); err == nil {
				t.Fatalf("%s cut after %d bytes gives %d leaves", format, end, len(m.Leaves))
			}
		}
	}
}

// otherStore reads every file as the same tree.
type otherStore struct{ tree sops.Tree }

func (s otherStore) LoadEncryptedFile([]byte) (sops.Tree, error) { return s.tree, nil }

// Both readers of YAML are one library, so only hand-made trees can show that a
// difference is seen.
func TestDifferentReadingsAreRefused(t *testing.T) {
	t.Parallel()
	sealed := leafText["token"].FindString(newSealer(t).sealUsual(t, ".yaml"))[len("token: "):]
	places := []location{secretLocation("w", "a", sealed), secretLocation("w", "b", sealed)}
	for name, test := range map[string]struct {
		tree  sops.TreeBranch
		agree bool
	}{
		"the same":      {plainTree("w", "a", sealed, "w", "b", sealed), true},
		"one less":      {plainTree("w", "a", sealed), false},
		"one more":      {plainTree("w", "a", sealed, "w", "b", sealed, "w", "c", sealed), false},
		"another order": {plainTree("w", "b", sealed, "w", "a", sealed), false},
		"another text":  {plainTree("w", "a", sealed, "w", "b", sealed+" "), false},
		"another name":  {plainTree("w", "a", sealed, "v", "b", sealed), false},
		"more at top":   {append(plainTree("w", "a", sealed, "w", "b", sealed), sops.TreeItem{Key: "x", Value: "y"}), false},
	} {
		problems := &Problems{File: "team.yaml"}
		tree := sops.Tree{Branches: sops.TreeBranches{test.tree}, Metadata: sops.Metadata{MessageAuthenticationCode: sealed}}
		readSOPS(format{layout: manifestLayout, store: otherStore{tree}}, nil, entry{}, places, problems)
		if problems.found() == test.agree {
			t.Errorf("%s: %v", name, problems.List)
		}
		if !test.agree {
			assertProblem(t, problems, 0, "the file is ambiguous: SOPS parses it differently")
		}
	}
}

func TestSopsLocations(t *testing.T) {
	t.Parallel()
	leaf := func(value any) sops.TreeBranches {
		return sops.TreeBranches{{{Key: "workflows", Value: sops.TreeBranch{{Key: "w", Value: sops.TreeBranch{
			{Key: sops.Comment{Value: "about n"}}, {Key: "n", Value: value},
		}}}}}}
	}
	places, ok := sopsLocations(leaf("ENC[x]"))
	if want := []location{secretLocation("w", "n", "ENC[x]")}; !ok || !slices.Equal(places, want) {
		t.Errorf("got %v, %t, want %v", places, ok, want)
	}
	for name, branches := range map[string]sops.TreeBranches{
		"no document":        {},
		"two documents":      append(leaf("ENC[x]"), leaf("ENC[x]")...),
		"a list":             leaf([]any{"ENC[x]"}),
		"a comment":          leaf(sops.Comment{Value: "ENC[x]"}),
		"a number":           leaf(1),
		"nothing":            leaf(nil),
		"a mapping":          leaf(sops.TreeBranch{}),
		"another top key":    {{{Key: "other", Value: sops.TreeBranch{}}}},
		"a key of no string": {{{Key: 1, Value: sops.TreeBranch{}}}},
	} {
		if places, ok := sopsLocations(branches); ok {
			t.Errorf("%s: got %v, want no leaves", name, places)
		}
	}
}
