// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// every matches one segment in a Vault policy. It is not a valid name, so no grant
// contains it by accident. Vault looks for it after templating, so every name must be
// checked before it goes into a policy.
const every = "+"

// For is the text of the Vault policy for a grant, in HCL: one block of rules for
// each workflow, sorted, one rule a line. The error lists all problems.
func For(g Grant) (string, error) {
	if err := g.check(); err != nil {
		return "", err
	}
	var text strings.Builder
	for i, b := range g.blocks() {
		if i > 0 {
			text.WriteByte('\n')
		}
		b.write(&text)
	}
	return text.String(), nil
}

// JSON is the same policy in Vault's JSON, without the comments. Errors as of For.
func JSON(g Grant) (string, error) {
	if err := g.check(); err != nil {
		return "", err
	}
	type granted struct {
		Capabilities []string `json:"capabilities"`
	}
	rules := map[string]granted{}
	for _, b := range g.blocks() {
		for _, l := range b.lines {
			rules[l.path] = granted{l.capabilities}
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{"path": rules}); err != nil {
		return "", fmt.Errorf("writing the policy as JSON: %w", err)
	}
	return text.String(), nil
}

// block is the rules of one folder, with comments.
type block struct {
	comments []string
	lines    []line
}

// line is one rule: a path of Vault's API, and the capabilities on it.
type line struct {
	path         string
	capabilities []string
}

// blocks are the whole policy. No two lines have the same path.
func (g Grant) blocks() []block {
	with := g.withSecrets()
	at := func(whose, workflow string) block {
		return g.block(whose, with.purpose("secrets"), with.in(g.covered(g.Prefix+"/"+workflow+"/")))
	}
	var out []block
	if g.every() {
		b := at("every workflow", every)
		if !g.Role.writer() { // which knows its workflows
			b.lines = append(b.lines, line{g.Mount + "/metadata/" + g.Prefix + "/", capability.For(capability.List)[0].Capabilities})
		}
		out = append(out, b)
	}
	for _, name := range once(g.Workflows) {
		out = append(out, at("workflow "+name, name))
	}
	for _, beginning := range once(g.WorkflowPrefixes) {
		b := g.block("every workflow that begins with "+beginning, with.purpose("secrets"), with.in(g.Prefix+"/"+beginning+"*"))
		out = append(out, b.merged())
	}
	if g.Identity.given() {
		b := at("the workflow of the login", g.Identity.segment(g.Identity.Workflow))
		b.comments = append(b.comments, "Vault replaces the braces before it looks for + and *:",
			"the issuer of "+g.Identity.Workflow+" must reject names that contain either.")
		out = append(out, b)
	}
	if g.Team != "" {
		out = append(out, block{
			comments: []string{"Member of team " + g.Team + ": act for it. Nothing is written at this path."},
			lines:    []line{{capability.TeamPath(g.Mount, g.Team), []string{capability.Team}}},
		})
	}
	out = append(out, g.connections()...)
	return append(out, g.approvals()...)
}

// covered is what the role has of a folder: its entries, or for a Reader everything
// below it, as in Relay's own policy. Relay's reader lists and reads also the folders of
// old data, and one refusal there fails all secrets or all connections of a step
// (ARCHITECTURE.md, Policies).
func (g Grant) covered(folder string) string {
	if g.Role == Reader {
		return folder + "*"
	}
	return folder
}

// connections are the rules for connections, none if the grant has no domain. A
// domain has folders of pointers and of fields, so it has one level more than a
// workflow (ARCHITECTURE.md, Layout).
func (g Grant) connections() []block {
	whose, domain := "connections of domain "+g.ConnectionsDomain, g.ConnectionsDomain
	if g.Identity.Domain != "" {
		whose, domain = "connections of the domain of the login", g.Identity.segment(g.Identity.Domain)
	}
	if domain == "" {
		return nil
	}
	with := g.withConnections()
	folder := secrets.ConnectionsPrefix + domain + "/"
	if g.Role == Reader {
		return []block{g.block(whose, with.purpose("connections"), with.in(g.covered(folder)))}
	}
	var rules []rule
	for _, r := range capability.Union(with...) {
		if r.Folder {
			rules = append(rules, rule{r, folder})
		}
		rules = append(rules, rule{r, folder + every + "/"})
	}
	return []block{g.block(whose, with.purpose("connections"), rules)}
}

// rule is a rule for the entries of a folder in the mount, or for the folder.
type rule struct {
	capability.Rule
	folder string
}

// in are the rules for these rights in one folder.
func (r rights) in(folder string) []rule {
	var out []rule
	for _, one := range capability.Union(r...) {
		out = append(out, rule{one, folder})
	}
	return out
}

// block writes rules out as lines.
func (g Grant) block(whose, purpose string, rules []rule) block {
	b := block{comments: []string{fmt.Sprintf("%s of %s: %s.", title(g.Role.String()), whose, purpose)}}
	for _, r := range rules {
		path := g.Mount + "/" + r.API + "/" + r.folder
		if !r.Folder && !strings.HasSuffix(r.folder, "*") {
			path += every
		}
		b.lines = append(b.lines, line{path, r.Capabilities})
	}
	return b
}

// merged joins lines of the same path: after a "*" entries and folders look alike.
func (b block) merged() block {
	var lines []line
	for _, l := range b.lines {
		i := slices.IndexFunc(lines, func(known line) bool { return known.path == l.path })
		if i < 0 {
			lines = append(lines, l)
			continue
		}
		lines[i].capabilities = slices.Concat(lines[i].capabilities, l.capabilities)
	}
	return block{b.comments, lines}
}

func (b block) write(text *strings.Builder) {
	for _, comment := range b.comments {
		fmt.Fprintf(text, "# %s\n", comment)
	}
	width := 0
	for _, l := range b.lines {
		width = max(width, len([]rune(l.path)))
	}
	for _, l := range b.lines {
		// A valid name contains nothing that HCL would parse as more than text.
		fmt.Fprintf(text, "path %-*s { capabilities = [\"%s\"] }\n", width+2, `"`+l.path+`"`, strings.Join(l.capabilities, `", "`))
	}
}

// once is a sorted copy without doubles.
func once(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
