// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// inventory is what is known of the secrets of every source, from its last sync: in memory,
// so that no request for it causes one to Vault. It is safe for concurrent use.
type inventory struct {
	cfg *config.Config
	// workflows are the names of all workflows that sources list, sorted, and sourcesOf the
	// sources that list each.
	workflows []string
	sourcesOf map[string][]string

	mu      sync.Mutex
	sources map[string]*stock
	// answers are of the workflows that did not change since, and connections are as in the
	// last answer; nil if they changed.
	answers     map[string]*workflowAnswer
	connections []report.Connection
}

// stock is what is known of one source.
type stock struct {
	workflows   map[string]observed
	connections map[string]observed // by type/name, each with at most one secret
	files       workflowFiles
}

// observed is a workflow or a connection as the last sync that observed it left it.
type observed struct {
	at      time.Time
	secrets []report.Secret
	// problem is why a later sync could not observe it.
	problem string
}

func newInventory(cfg *config.Config) *inventory {
	i := &inventory{cfg: cfg, sources: map[string]*stock{}, sourcesOf: map[string][]string{}, answers: map[string]*workflowAnswer{}}
	for _, s := range cfg.Sources {
		i.sources[s.Name] = &stock{workflows: map[string]observed{}, connections: map[string]observed{}}
		for _, workflow := range s.Workflows {
			i.sourcesOf[workflow] = append(i.sourcesOf[workflow], s.Name)
		}
	}
	i.workflows = slices.Sorted(maps.Keys(i.sourcesOf))
	return i
}

// post notes what Vault has after a sync. A sync that ended before it observed Vault
// changes nothing.
func (i *inventory) post(r report.Report, at time.Time) {
	n := slices.IndexFunc(i.cfg.Sources, func(s config.Source) bool { return s.Name == r.Source })
	if r.Observation == nil || n < 0 {
		return
	}
	source, root := i.cfg.Sources[n], i.cfg.Vault.Root()
	groups := byGroup(r.Observation.Secrets)
	i.mu.Lock()
	defer i.mu.Unlock()
	k := i.sources[source.Name]
	for _, workflow := range source.Workflows {
		scope := root.In(workflow)
		k.workflows[workflow] = k.workflows[workflow].after(at, groups[scope], r.Observation.Unseen[scope])
	}
	for _, id := range source.Connections {
		if a, err := connections.ParseAddress(root, i.cfg.Vault.Domain, id); err == nil {
			only := slices.DeleteFunc(slices.Clone(groups[a.Scope]), func(s report.Secret) bool { return s.Name != a.Name })
			k.connections[id] = k.connections[id].after(at, only, r.Observation.Unseen[a.Scope])
		}
	}
	i.changed(source)
}

// byGroup are secrets and connections by their scope, in order of name.
func byGroup(all map[secrets.Address]report.Secret) map[secrets.Scope][]report.Secret {
	groups := map[secrets.Scope][]report.Secret{}
	for a, s := range all {
		groups[a.Scope] = append(groups[a.Scope], s)
	}
	for _, group := range groups {
		slices.SortFunc(group, func(a, b report.Secret) int { return strings.Compare(a.Name, b.Name) })
	}
	return groups
}

// after is what is known after a sync. unseen is why it did not observe this part.
func (o observed) after(at time.Time, found []report.Secret, unseen error) observed {
	if unseen != nil {
		o.problem = foreign.Short(unseen.Error())
		return o
	}
	return observed{at: at, secrets: found}
}

// postFiles notes what the workflow files of a source have.
func (i *inventory) postFiles(source config.Source, files workflowFiles) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sources[source.Name].files = files
	i.changed(source)
}

// forget discards what is known of a source that another replica follows from now on.
func (i *inventory) forget(source config.Source) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sources[source.Name] = &stock{workflows: map[string]observed{}, connections: map[string]observed{}}
	i.changed(source)
}

// filesOf is what is known of the workflow files of a source.
func (i *inventory) filesOf(source string) workflowFiles {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.sources[source].files
}

// changed discards the answers about a source. The caller holds i.mu.
func (i *inventory) changed(source config.Source) {
	for _, workflow := range source.Workflows {
		delete(i.answers, workflow)
	}
	i.connections = nil
}

// continueFrom copies what the configuration before a reload knew, if it is about the same
// part of the same Vault. Workflow files are read again at the next sync.
func (i *inventory) continueFrom(former *inventory) {
	v, before := i.cfg.Vault, former.cfg.Vault
	if v.Address != before.Address || v.Root() != before.Root() || v.Domain != before.Domain {
		return
	}
	former.mu.Lock()
	defer former.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	for name, k := range i.sources {
		if known := former.sources[name]; known != nil {
			maps.Copy(k.workflows, known.workflows)
			maps.Copy(k.connections, known.connections)
			k.files = workflowFiles{byWorkflow: known.files.byWorkflow, problem: known.files.problem}
		}
	}
}
