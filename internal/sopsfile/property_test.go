// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"
	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// names draws what CheckName allows, and often what a YAML reader could take for
// something else.
func names() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@ -]{0,12}`),
		rapid.StringMatching(`[ab_][ab_.@ -]{0,3}`),
		rapid.SampledFrom([]string{"yes", "no", "null", "true", "on", "007", "1e3", "0x1F", "1.50", "2026-11-22", "sops", "workflows", "_", "ENC"}),
	).Filter(func(name string) bool {
		return secrets.CheckName("secret", name) == nil && !strings.HasSuffix(name, sops.DefaultUnencryptedSuffix)
	})
}

// pathCipher stands in for SOPS's cipher and keeps the text that SOPS would
// authenticate each value together with.
type pathCipher struct{ paths map[any]string }

func (c pathCipher) Encrypt(value any, _ []byte, path string) (string, error) {
	c.paths[value] = path
	return "", nil
}

func (c pathCipher) Decrypt(string, []byte, string) (any, error) { return "", nil }

// If two places shared an authenticated text, a value could be moved from one to the
// other. This asks SOPS itself for the text.
func TestAuthenticatedPathsAreOneToOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) location {
			draw := func(what string) string { return names().Draw(t, what) }
			if rapid.Bool().Draw(t, "is a field") {
				return fieldLocation(draw("type"), draw("connection"), draw("field"), "")
			}
			return secretLocation(draw("workflow"), draw("name"), "")
		}), 2, 8, rapid.ID).Draw(t, "places")
		cipher := pathCipher{paths: map[any]string{}}
		seen := map[string]location{}
		for i, p := range places {
			value := string(rune('A' + i))
			tree := sops.Tree{Branches: sops.TreeBranches{plant(nil, p.path(), value)}}
			if _, err := tree.Encrypt(nil, cipher); err != nil {
				t.Fatal(err)
			}
			path := cipher.paths[value]
			if path != p.authenticated() {
				t.Fatalf("SOPS authenticates %q, this package expects %q", path, p.authenticated())
			}
			if other, found := seen[path]; found {
				t.Fatalf("%q and %q share %q", other.path(), p.path(), path)
			}
			seen[path] = p
		}
	})
}

func TestDecryptInvertsSopsEncrypt(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	keys := s.keys(t)
	rapid.Check(t, func(rt *rapid.T) {
		var triples []string
		values := rapid.StringN(1, 40, -1)
		for _, workflow := range rapid.SliceOfNDistinct(names(), 1, 3, rapid.ID).Draw(rt, "workflows") {
			for _, name := range rapid.SliceOfNDistinct(names(), 1, 3, rapid.ID).Draw(rt, "names") {
				triples = append(triples, workflow, name, values.Draw(rt, "value"))
			}
		}
		format := rapid.SampledFrom([]string{".yaml", ".json"}).Draw(rt, "format")
		file := s.seal(t, format, plainTree(triples...))
		m, err := Verify("team"+format, []byte(file))
		if err != nil {
			rt.Fatalf("%v\n%s", err, file)
		}
		opened, _, err := m.open(t.Context(), keys)
		if err != nil {
			rt.Fatalf("%v\n%s", err, file)
		}
		var got []string
		for i, leaf := range m.Leaves {
			got = append(got, leaf.Workflow, leaf.Name, opened[i])
		}
		if !slices.Equal(got, triples) {
			rt.Fatalf("got %q, want %q\n%s", got, triples, file)
		}
	})
}
