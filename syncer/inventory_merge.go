// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// part is what one source knows of a workflow or connection that it lists.
type part struct {
	source string
	observed
	file workflowFile
}

// maxSecretsListed and maxMissingListed limit the lists of one workflow. Other writers can
// add any number of secrets.
const (
	maxSecretsListed = 5000
	maxMissingListed = 1000
)

// mergeWorkflow is what is known of a workflow from the sources that list it.
func mergeWorkflow(name string, parts []part) report.Workflow {
	w := report.Workflow{Name: name, Sources: []string{}}
	anyRead, allRead := false, true
	for _, p := range parts {
		w.Sources = append(w.Sources, p.source)
		w.References = append(w.References, p.file.references...)
		w.Problems = append(w.Problems, p.file.problems...)
		if p.problem != "" {
			w.Problems = append(w.Problems, p.problem)
		}
		anyRead, allRead = anyRead || p.file.read, allRead && !p.file.failed
	}
	w.Secrets, w.Observed = mergeSecrets(parts)
	for _, s := range w.Secrets {
		if s.Live {
			w.Live++
		}
		if s.Drifted {
			w.Drifted++
		}
		if s.Changed.After(w.LastChange) {
			w.LastChange = s.Changed
		}
	}
	if w.MissingKnown = anyRead && allRead && !w.Observed.IsZero(); w.MissingKnown {
		w.MissingSecrets = missing(w)
	}
	for _, m := range w.MissingSecrets {
		if !m.Optional {
			w.Missing++
		}
	}
	w.MissingSecrets = w.MissingSecrets[:min(len(w.MissingSecrets), maxMissingListed)]
	if len(w.Secrets) > maxSecretsListed {
		w.Problems = append(w.Problems, fmt.Sprintf("only %d of its %d secrets are listed", maxSecretsListed, len(w.Secrets)))
		w.Secrets = w.Secrets[:maxSecretsListed]
	}
	return w
}

// mergeSecrets are the secrets that any part has, in order of name, and when a part was
// observed last. What the source that wants or owns a secret knows takes precedence, then
// what was observed last.
func mergeSecrets(parts []part) ([]report.Secret, time.Time) {
	var (
		all  = map[string]report.Secret{}
		seen = map[string]time.Time{}
		last time.Time
	)
	for _, p := range parts {
		if p.at.After(last) {
			last = p.at
		}
		if len(parts) == 1 {
			return p.secrets, last
		}
		for _, s := range p.secrets {
			known, is := all[s.Name]
			if !is || cmp.Or(boolCompare(s.Source != "", known.Source != ""), p.at.Compare(seen[s.Name])) > 0 {
				all[s.Name], seen[s.Name] = s, p.at
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b report.Secret) int { return strings.Compare(a.Name, b.Name) }), last
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// missing are the secrets that the workflow's files name and that are not live, in order of
// name.
func missing(w report.Workflow) []report.MissingSecret {
	var live []workflowfile.Target
	for _, s := range w.Secrets {
		if s.Live {
			live = append(live, workflowfile.Target{Kind: workflowfile.Secret, Group: w.Name, Name: s.Name})
		}
	}
	f := &workflowfile.File{}
	for _, r := range w.References {
		if r.Kind == workflowfile.Secret {
			f.References = append(f.References, workflowfile.Reference{Kind: r.Kind, Name: r.Name, All: r.All, Dynamic: r.Dynamic, Optional: r.Optional})
		}
	}
	optional := map[string]bool{}
	for _, m := range workflowfile.NewExisting(live).Missing(f.In(w.Name)) {
		before, is := optional[m.Name]
		optional[m.Name] = m.Optional && (before || !is)
	}
	var out []report.MissingSecret
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		out = append(out, report.MissingSecret{Name: name, Optional: optional[name]})
	}
	return out
}
