// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// manifest parses a file in the format that its path has in this source. name is for
// messages.
func (s *source) manifest(path, name string, data []byte) (*sopsfile.Manifest, error) {
	m, err := s.Mapping(path)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return sopsfile.Verify(name, data)
	}
	return sopsfile.VerifyMapped(name, data, sopsfile.Mapping{Workflow: m.Workflow, Format: m.Format, Secret: m.Secret})
}

// verified parses a manifest and applies every rule that needs no key.
func (s *source) verified(name string, data []byte) (*sopsfile.Manifest, error) {
	manifest, err := s.manifest(name, name, data)
	if err != nil {
		return nil, err
	}
	if err := s.allowed(manifest); err != nil {
		return nil, err
	}
	return manifest, nil
}

// decrypt returns the values of a manifest.
func (s *source) decrypt(ctx context.Context, name string, data []byte) (map[secrets.Address]content, error) {
	manifest, err := s.verified(name, data)
	if err != nil {
		return nil, err
	}
	unlocked, err := manifest.Unlock(ctx, s.keys)
	if err != nil {
		return nil, err
	}
	return s.decryptUnlocked(unlocked)
}

func (s *source) decryptUnlocked(u *sopsfile.Unlocked) (map[secrets.Address]content, error) {
	opened, err := u.Decrypt()
	if err != nil {
		return nil, err
	}
	return s.contents(opened), nil
}

// allowed refuses a manifest with workflows or connections that the source may not
// write, or with a connection that no reader could use.
func (s *source) allowed(m *sopsfile.Manifest) error {
	problems := &sopsfile.Problems{File: m.Name}
	for i, leaf := range m.Leaves {
		first := i == 0 || m.Leaves[i-1].Workflow != leaf.Workflow
		if leaf.Type == "" && first && !slices.Contains(s.Workflows, leaf.Workflow) {
			problems.Add(sopsfile.Problem{
				Line: leaf.Line, Path: "workflows." + leaf.Workflow,
				Text: fmt.Sprintf("is not a workflow that source %s may write; add it to workflows in the configuration, or move it to its own source", s.Name),
			})
		}
	}
	s.allowedConnections(m.Leaves, problems)
	checkConnections(m.Leaves, problems)
	if len(problems.List) > 0 {
		return problems
	}
	return nil
}

// eachConnection calls see with the fields of each connection of a manifest, which are
// consecutive.
func eachConnection(leaves []sopsfile.Leaf, see func(fields []sopsfile.Leaf)) {
	for i := 0; i < len(leaves); {
		n := i + 1
		for n < len(leaves) && leaves[n].Type == leaves[i].Type && leaves[n].Connection == leaves[i].Connection {
			n++
		}
		if leaves[i].Type == "" {
			i++
			continue
		}
		see(leaves[i:n])
		i = n
	}
}

// checkConnections refuses connections that no reader could use: with a type that Relay
// does not read as a connection, or without a field that the type requires.
func checkConnections(leaves []sopsfile.Leaf, problems *sopsfile.Problems) {
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		first := fields[0]
		problem := connections.CheckFields(first.Type, fieldNames(fields)).Problem
		if err := connections.CheckType(first.Type); err != nil {
			problem = err.Error()
		}
		if problem != "" {
			problems.Add(sopsfile.Problem{Line: first.Line, Path: first.Claimed().String(), Text: "is refused: " + problem})
		}
	})
}

// connectionNotes are remarks about the connections of a manifest.
func connectionNotes(leaves []sopsfile.Leaf) []string {
	var notes []string
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		if remark := connections.CheckFields(fields[0].Type, fieldNames(fields)).Warning; remark != "" {
			notes = append(notes, fmt.Sprintf("line %d: %s: %s", fields[0].Line, fields[0].Claimed(), remark))
		}
	})
	return notes
}

func fieldNames(fields []sopsfile.Leaf) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return names
}

// allowedConnections refuses connections that the source's configuration does not list.
func (s *source) allowedConnections(leaves []sopsfile.Leaf, problems *sopsfile.Problems) {
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		if first := fields[0]; !slices.Contains(s.Connections, first.Type+"/"+first.Connection) {
			problems.Add(sopsfile.Problem{
				Line: first.Line, Path: first.Claimed().String(),
				Text: fmt.Sprintf("is not a connection that source %s may write; add it to connections in the configuration, or move it to its own source", s.Name),
			})
		}
	})
}
