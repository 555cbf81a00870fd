// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// check gathers what is wrong with the meaning of a configuration.
type check struct {
	root     *yaml.Node
	problems []string
}

// refuse notes a problem with the value at a path of keys and indexes.
func (c *check) refuse(text string, at ...any) {
	c.problems = append(c.problems, fmt.Sprintf("line %d: %s", lineOf(c.root, at), text))
}

func (c *check) err(err error, at ...any) {
	if err != nil {
		c.refuse(err.Error(), at...)
	}
}

func (c *check) all(cfg *Config) {
	if cfg.Controller == "" {
		c.refuse("controller is missing: a name for this installation, unique per Vault", "controller")
	} else if _, err := secrets.GitOpsOwner(cfg.Controller, "any"); err != nil {
		c.err(err, "controller")
	}
	if _, _, err := net.SplitHostPort(cfg.Listen); cfg.Listen != "" && err != nil {
		c.refuse("listen must be an address and a port, such as 127.0.0.1:9460", "listen")
	}
	c.vault(cfg.Vault)
	c.hooks(cfg)
	if len(cfg.Sources) == 0 {
		c.refuse("sources is missing: at least one repository to follow", "sources")
	}
	names := map[string]bool{}
	for i, s := range cfg.Sources {
		if names[s.Name] {
			c.refuse(fmt.Sprintf("source %q is there twice; names are unique", s.Name), "sources", i, "name")
		}
		names[s.Name] = true
		if _, err := secrets.GitOpsOwner("any", s.Name); err != nil {
			c.err(err, "sources", i, "name")
		}
		c.source(i, s)
		c.connections(i, cfg, s)
	}
}

func (c *check) vault(v Vault) {
	if v.Address == "" {
		c.refuse("vault.address is missing: such as https://vault.example.com:8200", "vault", "address")
	}
	switch n := len(v.Login.logins()); {
	case n == 0 && v.TokenFile == "":
		c.refuse("vault.token_file is missing: a file that holds nothing but the token; or vault.login, with approle, jwt, kubernetes or cert", "vault", "token_file")
	case n > 1, n == 1 && v.TokenFile != "":
		c.refuse("more than one of vault.token_file and the ways of vault.login is set: keep one", "vault", "login")
	}
	if err := httpclient.CheckProxy(v.Proxy); err != nil {
		c.refuse("vault.proxy "+err.Error(), "vault", "proxy")
	}
	for i, host := range v.RedirectHosts {
		if err := httpclient.CheckHost(host); err != nil {
			c.refuse(fmt.Sprintf("vault.redirect_hosts[%d] %v", i, err), "vault", "redirect_hosts", i)
		}
	}
	c.err(secrets.CheckPath("mount", v.Mount), "vault", "mount")
	c.err(secrets.CheckPath("prefix", v.Prefix), "vault", "prefix")
	if v.Domain != "" {
		c.err(secrets.CheckName("domain", v.Domain), "vault", "domain")
	}
	if v.Concurrency < 0 || v.Concurrency > 1000 {
		c.refuse("vault.concurrency must be 1 to 1000", "vault", "concurrency")
	}
	if v.WritesPerSecond < 0 || (v.WritesPerSecond > 0 && v.WritesPerSecond < minWritesPerSecond) || math.IsInf(v.WritesPerSecond, 0) || math.IsNaN(v.WritesPerSecond) {
		c.refuse(fmt.Sprintf("vault.writes_per_second must be %v or more; leave it out for no limit", minWritesPerSecond), "vault", "writes_per_second")
	}
	if v.Settle < 0 || v.Settle > time.Hour {
		c.refuse("vault.settle must be a duration up to 1h, such as 30s", "vault", "settle")
	}
	if v.MaxValueBytes < 0 {
		c.refuse("vault.max_value_bytes must not be negative", "vault", "max_value_bytes")
	}
}

func (c *check) source(i int, s Source) {
	required := func(missing bool, key, what string) {
		if missing {
			c.refuse(fmt.Sprintf("%s is missing: %s", key, what), "sources", i, key)
		}
	}
	required(s.Repository == "", "repository", "the folder of a git repository, or the https:// or ssh:// URL of a remote one")
	required(len(s.Files) == 0 && len(s.Map) == 0, "files", `patterns of the manifests, such as "secrets/**/*.yaml"`)
	required(len(s.Workflows)+len(s.Connections) == 0, "workflows", "the workflows that this source may write, by name")
	c.keys(i, s)
	c.place(i, s)
	for j, pattern := range s.Files {
		c.err(gitsource.ValidatePattern(pattern), "sources", i, "files", j)
	}
	for j, workflow := range s.Workflows {
		c.err(secrets.CheckName("workflow", workflow), "sources", i, "workflows", j)
		if slices.Index(s.Workflows, workflow) < j {
			c.refuse(fmt.Sprintf("workflow %q is there twice", workflow), "sources", i, "workflows", j)
		}
	}
	c.mapped(i, s)
	if s.DriftInterval != 0 && s.DriftInterval < time.Second {
		c.refuse("drift_interval must be a duration of 1s or more, such as 10m", "sources", i, "drift_interval")
	}
	c.err(s.Deletes.Check(), "sources", i, "deletes")
	if s.History != plan.FollowHistory && s.History != plan.RefuseHistory {
		c.refuse(`history must be "follow" or "refuse"`, "sources", i, "history")
	}
	if s.Drift != plan.Heal && s.Drift != plan.ReportOnly {
		c.refuse(`drift must be "heal" or "report"`, "sources", i, "drift")
	}
}

// lineOf finds the line of a value, or of the nearest thing above it that is
// there.
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

var (
	unknownKey = regexp.MustCompile(`^(line \d+): field (.{1,100}) not found in type`)
	wrongType  = regexp.MustCompile(`^(line \d+): cannot unmarshal`)
	anyLine    = regexp.MustCompile(`line \d+`)
)

// typeProblems turns the decoder's complaints into ours: they name Go types and
// quote what stands in the file.
func typeProblems(err error) []string {
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return []string{syntaxProblem(err)}
	}
	var out []string
	for _, text := range typed.Errors {
		switch {
		case unknownKey.MatchString(text):
			m := unknownKey.FindStringSubmatch(text)
			out = append(out, fmt.Sprintf("%s: unknown key %q", m[1], m[2]))
		case wrongType.MatchString(text):
			out = append(out, wrongType.FindStringSubmatch(text)[1]+": the value is of the wrong kind here")
		default:
			out = append(out, syntaxProblem(errors.New(text)))
		}
	}
	return out
}

func syntaxProblem(err error) string {
	if line := anyLine.FindString(err.Error()); line != "" {
		return line + ": not valid YAML, or a key is there twice"
	}
	return "it is empty or not valid YAML"
}
