// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// problems returns everything that is wrong with the meaning of the configuration. It
// reads no file.
func (cfg *Config) problems() (out problem.List) {
	if cfg.Controller == "" {
		out.Add("controller", "is required; a name for this installation, unique per Vault")
	} else {
		_, err := secrets.GitOpsOwner(cfg.Controller, "any")
		out.AddError("controller", err)
	}
	out.AddIf(cfg.Listen != "" && !listenable(cfg.Listen), "listen", "must be an address and a port, such as 127.0.0.1:9460")
	cfg.hostsProblems(&out)
	if cfg.Web != nil {
		out.AddList("web", cfg.Web.problems(cfg.Audit))
	}
	out.AddList("vault", cfg.Vault.problems())
	out.AddError("listen_webhooks", cfg.checkListenWebhooks())
	cfg.socketProblems(&out)
	if cfg.RemoteAccess != nil {
		out.AddList("remote_access", cfg.remoteAccessProblems())
	}
	if cfg.Tidy != nil {
		out.AddList("tidy", cfg.Tidy.problems())
	}
	if cfg.Election != nil {
		out.AddList("election", cfg.Election.Problems())
		out.AddIf(cfg.Election.Share != "" && !election.Fit(cfg.sourceNames()), "election.share", "must not be set with so many sources: the Lease of one replica has no room for their names")
	}
	out.AddIf(len(cfg.Sources) == 0, "sources", "is required; at least one repository")
	out.AddIf(cfg.Records != "" && cfg.Records != AuthenticRecords, "records", "must be authentic, or unset")
	out.AddIf(cfg.Records == AuthenticRecords && cfg.FingerprintKeyFile == "", "records", "requires fingerprint_key_file: without a key no record can have a MAC")
	names := map[string]bool{}
	for i, s := range cfg.Sources {
		at := problem.Index("sources", i)
		out.AddIf(names[s.Name], at+".name", "duplicate source name %q", s.Name)
		names[s.Name] = true
		out.AddList(at, s.problems())
		out.AddList(at, s.connectionProblems(cfg.Vault))
		out.AddIf(len(s.Connections) > 0 && cfg.Vault.Domain == "", "vault.domain",
			"is required for the connections of source %q; the name of the account in Relay", s.Name)
	}
	return out
}

func (cfg *Config) sourceNames() (names []string) {
	for _, s := range cfg.Sources {
		names = append(names, s.Name)
	}
	return names
}

// webProblems is problems of what relay-sync web uses.
func (cfg *Config) webProblems() (out problem.List) {
	out.AddList("vault", cfg.Vault.problemsOfAddress())
	if cfg.Web == nil {
		out.Add("web", "is required; the settings of the page")
	} else {
		out.AddList("web", cfg.Web.problems(cfg.Audit))
	}
	return out
}

// listenable reports whether a text is an address, or nothing, and the number of a port.
func listenable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// minDriftInterval is the interval of one metadata read of each secret.
const minDriftInterval = 5 * time.Second

// problems does not look at connections, which need the settings for Vault.
func (s Source) problems() (out problem.List) {
	_, err := secrets.GitOpsOwner("any", s.Name)
	out.AddError("name", err)
	out.AddIf(len(s.Files) == 0 && len(s.Map) == 0, "files", `is required; patterns of the manifests, such as "secrets/**/*.yaml"`)
	out.AddIf(len(s.Workflows)+len(s.Connections) == 0, "workflows", "is required; the names of the workflows that this source may write")
	s.checkKeys(&out)
	s.checkRepository(&out)
	for i, err := range gitsource.ValidatePatterns(s.Files) {
		out.AddError(problem.Index("files", i), err)
	}
	for i, err := range gitsource.ValidatePatterns(s.WorkflowFiles) {
		out.AddError(problem.Index("workflow_files", i), err)
	}
	out.AddIf(len(s.WorkflowFiles) > 0 && len(s.Workflows) == 0, "workflow_files", "must not be set without workflows: files of other workflows are not read")
	for i, workflow := range s.Workflows {
		at := problem.Index("workflows", i)
		out.AddError(at, secrets.CheckName("workflow", workflow))
		out.AddIf(slices.Index(s.Workflows, workflow) < i, at, "duplicate workflow %q", workflow)
	}
	s.checkMap(&out)
	out.AddIf(s.DriftInterval != 0 && s.DriftInterval < minDriftInterval, "drift_interval", "must be %s or more, such as 10m", minDriftInterval)
	out.AddError("deletes", s.Deletes.Check())
	out.AddList("approvals", s.Approvals.problems(s.Name))
	out.AddList("limits", s.Limits.problems())
	out.AddIf(s.History != plan.FollowHistory && s.History != plan.RefuseHistory, "history", `must be "follow" or "refuse"`)
	_, err = secrets.ParseEncoding(string(s.Encoding))
	out.AddError("encoding", err)
	out.AddIf(s.Drift != plan.Heal && s.Drift != plan.ReportOnly, "drift", `must be "heal" or "report"`)
	if s.Webhook != nil {
		out.AddList("webhook", s.Webhook.Problems())
	}
	out.AddIf(len(s.Notify) > notify.MaxTargets, "notify", "must have at most %d targets", notify.MaxTargets)
	for i, target := range s.Notify {
		out.AddList(problem.Index("notify", i), target.Problems())
	}
	return out
}

// withLines returns the problems as lines of text that begin with the line in the
// configuration file.
func withLines(root *yaml.Node, problems problem.List) []string {
	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = fmt.Sprintf("line %d: %s", lineOf(root, problem.Steps(p.Path)), p.Error())
	}
	return out
}

// lineOf returns the line of a value, or of the nearest existing parent.
func lineOf(root *yaml.Node, at []any) int {
	node := root
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	line := max(node.Line, 1)
	for _, step := range at {
		next := child(node, step)
		if next == nil {
			return line
		}
		node, line = next, next.Line
	}
	return line
}

func child(node *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

var anyLine = lazyregexp.New(`line \d+`)

// syntaxProblem has only the line of an error that can quote the file.
func syntaxProblem(err error) string {
	if line := anyLine.FindString(err.Error()); line != "" {
		return line + ": invalid YAML syntax"
	}
	return "the file is empty or invalid YAML"
}
