// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowAnswer is what is known of a workflow, and its JSON once it was asked for:
// thousands of secrets are not encoded for each request.
type workflowAnswer struct {
	report.Workflow
	full, summary []byte
}

// answerInventory answers with the inventory: of the workflow that the query names, or of
// all; with summary, without the lists of secrets and references.
func (c *Controller) answerInventory(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	names := c.inventory.workflows
	if query.Has("workflow") {
		one := query.Get("workflow")
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name != one })
	}
	workflows, connections := c.inventory.list(names, query.Has("workflow"), query.Has("summary"))
	root := c.cfg.Vault.Root()
	head := encode(struct { // without the workflows
		report.Inventory
		Workflows *struct{} `json:"workflows,omitempty"`
	}{Inventory: report.Inventory{
		FormatVersion: report.FormatVersion, Controller: c.cfg.Controller, Standby: c.standby.Load(),
		Namespace: root.Namespace, Mount: root.Mount, Prefix: root.Prefix, Domain: c.cfg.Vault.Domain, Connections: connections,
	}})
	w.Header().Set("Content-Type", "application/json")
	write := func(text []byte) { _, _ = w.Write(text) } // an error means that the client is gone
	write(bytes.TrimSuffix(head, []byte("}")))
	for n, workflow := range workflows {
		separator := ","
		if n == 0 {
			separator = `,"workflows":[`
		}
		write([]byte(separator))
		write(workflow)
	}
	if len(workflows) == 0 {
		write([]byte(`,"workflows":[`))
	}
	write([]byte("]}\n"))
}

// answerActivity answers with the last changes.
func (c *Controller) answerActivity(w http.ResponseWriter, _ *http.Request) {
	lines := c.Audit.Activity()
	if lines == nil {
		lines = []report.AuditLine{}
	}
	answerJSON(w, report.Activity{FormatVersion: report.FormatVersion, Lines: lines})
}

// answerJSON answers with a document that a person can read with curl.
func answerJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(foreign.NewWriter(w, false))
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(document) // an error means that the client is gone
}

// list are workflows as JSON, and the connections; with used only those that the workflows
// use.
func (i *inventory) list(names []string, used, summary bool) ([][]byte, []report.Connection) {
	i.mu.Lock()
	defer i.mu.Unlock()
	workflows := make([][]byte, len(names))
	for n, name := range names {
		workflows[n] = i.answer(name).json(summary)
	}
	all := i.allConnections()
	if used {
		all = slices.DeleteFunc(all, func(c report.Connection) bool {
			return !slices.ContainsFunc(c.UsedBy, func(by string) bool { return slices.Contains(names, by) })
		})
	}
	return workflows, all
}

// answer returns what is known of a workflow. The caller holds i.mu.
func (i *inventory) answer(name string) *workflowAnswer {
	known := i.answers[name]
	if known == nil {
		var parts []part
		for _, source := range i.sourcesOf[name] {
			k := i.sources[source]
			parts = append(parts, part{source, k.workflows[name], k.files.of(name)})
		}
		known = &workflowAnswer{Workflow: mergeWorkflow(name, parts)}
		i.answers[name] = known
	}
	return known
}

func (a *workflowAnswer) json(summary bool) []byte {
	to, w := &a.full, a.Workflow
	if summary {
		to = &a.summary
		w.Secrets, w.References, w.MissingSecrets = nil, nil, nil
	}
	if *to == nil {
		*to = encode(w)
	}
	return *to
}

// encode returns a document as JSON that a person can read with curl.
func encode(document any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic("syncer: an inventory of texts and numbers has JSON: " + err.Error())
	}
	return []byte(foreign.Line(string(bytes.TrimSpace(out.Bytes()))))
}

// allConnections returns a copy of the connections. The caller holds i.mu.
func (i *inventory) allConnections() []report.Connection {
	if i.connections == nil {
		listed, used := map[string][]part{}, map[string]uses{}
		for _, s := range i.cfg.Sources {
			k := i.sources[s.Name]
			for _, id := range s.Connections {
				listed[id] = append(listed[id], part{source: s.Name, observed: k.connections[id]})
			}
			for workflow, file := range k.files.byWorkflow {
				used[workflow] = used[workflow].and(file.uses)
			}
		}
		i.connections = mergeConnections(listed, used)
	}
	return slices.Clone(i.connections)
}
