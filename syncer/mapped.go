// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// patterns are those of all files of the source.
func (s Source) patterns() []string {
	out := slices.Clone(s.Files)
	for _, m := range s.Map {
		out = append(out, m.File)
	}
	return out
}

// mapping is the entry for a file, nil for a manifest. Two for one file are an
// error: nothing says which was meant.
func (s Source) mapping(path string) (*MapEntry, error) {
	var found *MapEntry
	for i, m := range s.Map {
		if !gitsource.Matches(m.File, path) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s: the map entries %q and %q of source %s both match this file; keep one", path, found.File, m.File, s.Name)
		}
		found = &s.Map[i]
	}
	return found, nil
}

// manifest reads a file by the format it has in this source.
func (s Source) manifest(path string, data []byte) (*sopsfile.Manifest, error) {
	m, err := s.mapping(path)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return sopsfile.Verify(path, data)
	}
	return sopsfile.VerifyMapped(path, data, sopsfile.Mapping{Workflow: m.Workflow, Secret: m.Secret})
}

// mapped checks the map of a source.
func (c *configCheck) mapped(i int, s Source) {
	for j, m := range s.Map {
		c.err(gitsource.ValidatePattern(m.File), "sources", i, "map", j, "file")
		if !slices.Contains(s.Workflows, m.Workflow) {
			c.refuse(fmt.Sprintf("map: %q is not among the source's workflows", m.Workflow), "sources", i, "map", j, "workflow")
		}
		if m.Secret != "" {
			c.err(secrets.CheckName("secret", m.Secret), "sources", i, "map", j, "secret")
		}
	}
}
