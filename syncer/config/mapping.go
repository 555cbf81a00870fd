// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
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
		formats := sopsfile.Formats()
		out.AddIf(m.Format != "" && !slices.Contains(formats, m.Format), at+".format", "must be one of %s", strings.Join(texts(formats), ", "))
		out.AddIf(m.Format == sopsfile.Binary && m.Secret == "", at+".secret", "is required for a binary file, which contains no name")
		out.AddIf(m.Format != "" && m.Format != sopsfile.Binary && m.Secret != "", at+".secret", "must not be set for format %s, whose keys are the names", m.Format)
		if m.Secret != "" {
			out.AddError(at+".secret", secrets.CheckName("secret", m.Secret))
		}
	}
}

func texts(formats []sopsfile.Format) []string {
	out := make([]string, len(formats))
	for i, format := range formats {
		out[i] = string(format)
	}
	return out
}

// MapEntry gives files of other SOPS formats their workflow. Such a file has no encrypted
// address: that its values belong to this workflow depends on this configuration and on
// the reviews of the repository. A person who may replace the file with another one for
// the same keys may move its values.
type MapEntry struct {
	// File is a path or a pattern in the repository. Required.
	File string `yaml:"file"`
	// Workflow is the workflow of the secrets: one of the source's workflows. Required.
	Workflow string `yaml:"workflow"`
	// Format is yaml, json, dotenv, ini or binary. If unset, Secret means binary, and
	// otherwise the name of the file decides: .yaml, .yml, .json, .env or .ini.
	Format sopsfile.Format `yaml:"format"`
	// Secret is the name of the one value of a binary file (sops --input-type binary).
	// Other files contain names: their keys, and in an INI file section.key, or the key
	// alone before the first section.
	Secret string `yaml:"secret"`
}
