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

// A connection goes through a round as its pointer: that is its address, and has its
// record. What is behind the pointer is package connections' to write and to judge.

// isConnection tells a connection's pointer from a secret.
func isConnection(a secrets.Address) bool { return a.Kind == secrets.Connection }

// title is a secret as workflow/name and a connection as connection:type/name.
func title(a secrets.Address) string { return a.Title() }

// addressOf is where a leaf of a manifest belongs: a secret's own address, or the
// pointer of the connection that it is a field of.
func (s *source) addressOf(leaf sopsfile.Leaf) secrets.Address {
	if leaf.Type != "" {
		return connections.Address(s.vault.Mount, s.vault.Domain, leaf.Type, leaf.Connection)
	}
	return s.scope(leaf.Workflow).Secret(leaf.Name)
}

// eachConnection calls see with the fields of each connection of a manifest, which
// stand together.
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

// checkConnections refuses connections that no reader could use: by a type that
// Relay takes for something else, or without a field that the type needs.
func checkConnections(leaves []sopsfile.Leaf, problems *sopsfile.Problems) {
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		first := fields[0]
		problem := connections.CheckFields(first.Type, fieldNames(fields)).Problem
		if err := connections.CheckType(first.Type); err != nil {
			problem = err.Error()
		}
		if problem != "" {
			problems.List = append(problems.List, sopsfile.Problem{Line: first.Line, Path: pathOf(first), Text: "is refused: " + problem})
		}
	})
}

// connectionNotes are what a person may want to know of a manifest's connections.
func connectionNotes(leaves []sopsfile.Leaf) []string {
	var notes []string
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		if remark := connections.CheckFields(fields[0].Type, fieldNames(fields)).Warning; remark != "" {
			notes = append(notes, fmt.Sprintf("line %d: %s: %s", fields[0].Line, pathOf(fields[0]), remark))
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

func pathOf(field sopsfile.Leaf) string {
	return "connections." + field.Type + "." + field.Connection
}

// allowedConnections refuses connections that the source's configuration does not
// list.
func (s *source) allowedConnections(leaves []sopsfile.Leaf, problems *sopsfile.Problems) {
	eachConnection(leaves, func(fields []sopsfile.Leaf) {
		if first := fields[0]; !slices.Contains(s.Connections, first.Type+"/"+first.Connection) {
			problems.List = append(problems.List, sopsfile.Problem{
				Line: first.Line, Path: pathOf(first),
				Text: fmt.Sprintf("is not a connection that source %s may write; add it to connections in the configuration, or move it to its own source", s.Name),
			})
		}
	})
}

// observeConnections looks at every connection of the source.
func (s *source) observeConnections(ctx context.Context, o *observation) error {
	for _, id := range s.Connections {
		a, err := connections.ParseAddress(s.vault.Mount, s.vault.Domain, id)
		if err != nil {
			return err
		}
		seen, err := s.connections.Describe(ctx, a)
		switch {
		case secrets.AffectsAll(err) || ctx.Err() != nil:
			return err
		case err != nil:
			o.unseen[a.Scope] = err
			continue
		}
		o.entries[a] = seen
	}
	return nil
}

// tidy deletes what is left of connections that changed a while ago, or that a crash
// cut off. What goes wrong is told, and tried again in the next round.
func (s *source) tidy(ctx context.Context, results []Result) {
	if len(s.Connections) == 0 || ctx.Err() != nil {
		return
	}
	for _, r := range results {
		if isConnection(r.Address) && r.Kind == Unchanged {
			if err := s.connections.DeleteSuperseded(ctx, r.Address, r.Entry); err != nil {
				s.warn(fmt.Sprintf("cleaning up behind %s: %v", title(r.Address), err))
			}
		}
	}
	if _, err := s.connections.DeleteOrphaned(ctx, s.vault.Mount, s.vault.Domain, s.swept); err != nil {
		s.warn(fmt.Sprintf("looking for what is left of connections: %v", err))
	}
}
