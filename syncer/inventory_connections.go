// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// uses are the connections that the files of a workflow use.
type uses struct {
	// named are type/name; open are types, "" for any, of which the files use all, or some
	// whose name is known only at run time.
	named, open map[string]bool
}

func usesOf(references []report.Reference) uses {
	u := uses{named: map[string]bool{}, open: map[string]bool{}}
	for _, r := range references {
		switch {
		case r.Kind != workflowfile.Connection:
		case r.All || r.Dynamic:
			u.open[r.Type] = true
		case r.Type != "" && r.Name != "":
			u.named[connectionID(r.Type, r.Name)] = true
		}
	}
	return u
}

// and are the uses of both.
func (u uses) and(other uses) uses {
	if u.named == nil {
		return other
	}
	out := uses{named: maps.Clone(u.named), open: maps.Clone(u.open)}
	maps.Copy(out.named, other.named)
	maps.Copy(out.open, other.open)
	return out
}

func connectionID(kind, name string) string { return kind + "/" + name }

// mergeConnections are the connections that sources list, with what each source knows, and
// those that workflows use by name, in order of type and name.
func mergeConnections(listed map[string][]part, used map[string]uses) []report.Connection {
	all := map[string]*report.Connection{}
	for id, parts := range listed {
		all[id] = mergeConnection(id, parts)
	}
	workflows := slices.Sorted(maps.Keys(used))
	for _, workflow := range workflows {
		for id := range used[workflow].named {
			if all[id] == nil {
				all[id] = mergeConnection(id, nil)
			}
			all[id].UsedBy = append(all[id].UsedBy, workflow)
		}
	}
	for _, workflow := range workflows {
		u := used[workflow]
		if len(u.open) == 0 {
			continue
		}
		for id, c := range all {
			if (u.open[""] || u.open[c.Type]) && !u.named[id] {
				c.UsedBy = append(c.UsedBy, workflow)
			}
		}
	}
	out := make([]report.Connection, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		slices.Sort(all[id].UsedBy)
		out = append(out, *all[id])
	}
	return out
}

// mergeConnection is a connection from the sources that list it.
func mergeConnection(id string, parts []part) *report.Connection {
	kind, name, _ := strings.Cut(id, "/")
	c := &report.Connection{Type: kind}
	found, at := mergeSecrets(parts)
	verdict := secrets.Verdict{State: secrets.Absent}
	switch {
	case len(found) > 0:
		c.Secret = found[0]
	case len(parts) == 0:
		verdict = secrets.Verdict{Cause: "no source lists it"}
	case at.IsZero():
		verdict = secrets.Verdict{Cause: "no sync yet"}
	}
	if c.Observed = at; len(found) == 0 {
		c.Secret = report.Secret{Name: name, Drift: verdict.String()}
	}
	for _, p := range parts {
		c.Sources = append(c.Sources, p.source)
		if p.problem != "" {
			c.Problems = append(c.Problems, p.problem)
		}
	}
	return c
}
