// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Patterns are the patterns of all files of the source.
func (s Source) Patterns() []string {
	out := slices.Clone(s.Files)
	for _, m := range s.Map {
		out = append(out, m.File)
	}
	return out
}

// Mapping is the entry for a file, nil for a manifest. Two entries for one file are an
// error: it is ambiguous which was meant.
func (s Source) Mapping(path string) (*MapEntry, error) {
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

func (s Source) checkMap(out *problem.List) {
	for i, m := range s.Map {
		at := problem.Index("map", i)
		out.AddError(at+".file", gitsource.ValidatePattern(m.File))
		out.AddIf(!slices.Contains(s.Workflows, m.Workflow), at+".workflow", "must be one of the source's workflows, not %q", m.Workflow)
		if m.Secret != "" {
			out.AddError(at+".secret", secrets.CheckName("secret", m.Secret))
		}
	}
}

// MapEntry gives files of other SOPS formats their workflow. Such a file has no encrypted
// address: that its values belong to this workflow depends on this configuration and on
// the reviews of the repository. A person who may replace the file with another one for
// the same keys may move its values.
type MapEntry struct {
	// File is a path or a pattern in the repository. Required. Names that end with .env
	// are dotenv, those that end with .ini are INI.
	File string `yaml:"file"`
	// Workflow is the workflow of the secrets: one of the source's workflows. Required.
	Workflow string `yaml:"workflow"`
	// Secret is the name of the one value of a binary file (sops --input-type binary).
	// Empty for dotenv files, whose keys are the names, and INI files, whose names are
	// section.key, or the key alone before the first section.
	Secret string `yaml:"secret"`
}
