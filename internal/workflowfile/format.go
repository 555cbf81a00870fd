// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format is the program that a workflow file is for.
type Format string

// The formats.
const (
	Relay  Format = "relay"
	GitHub Format = "github"
	GitLab Format = "gitlab"
)

// String is the name of the program.
func (f Format) String() string {
	return map[Format]string{Relay: "Relay", GitHub: "GitHub Actions", GitLab: "GitLab"}[f]
}

// Layout is where secrets are in Vault, for the formats that name paths of Vault.
type Layout struct {
	// Namespace is empty if it is not known.
	Namespace string
	// Mount is the KV v2 mount, Prefix the path between it and the workflow.
	Mount, Prefix string
}

// ReadAny reads a file of any format. The name of the file decides the format if it is one
// of GitHub Actions or GitLab, and its top-level keys otherwise. Errors are as of Read.
func ReadAny(name string, data []byte, layout Layout) (*File, error) {
	r, err := newReader(data)
	if err != nil {
		return nil, err
	}
	r.layout, r.file.Format = layout, formatOf(name, r.documents[0].Content[0])
	switch r.file.Format {
	case GitHub:
		return r.finish(r.gitHub())
	case GitLab:
		r.gitLab()
		return r.finish(nil)
	case Relay:
	}
	return r.finish(r.relay())
}

// formatOf returns the format of a file. Included files of GitLab may have any name.
func formatOf(name string, top *yaml.Node) Format {
	base, below := path.Base(name), func(folder string) bool { return strings.Contains("/"+name, "/"+folder+"/") }
	switch extension := path.Ext(base); {
	case below(".github/workflows"), base == "action"+extension:
		return GitHub
	case below(".gitlab"), strings.HasSuffix(base, ".gitlab-ci"+extension):
		return GitLab
	}
	if top.Kind != yaml.MappingNode {
		return Relay
	}
	var keys []string
	job := false
	for i := 0; i+1 < len(top.Content); i += 2 {
		keys = append(keys, top.Content[i].Value)
		job = job || isGitLabJob(top.Content[i+1])
	}
	has := func(key string) bool { return slices.Contains(keys, key) }
	switch {
	case has("steps"), has("triggers"), has("apiVersion"):
		return Relay
	case has("jobs"):
		return GitHub
	case job, has("stages"), has("include"):
		return GitLab
	}
	return Relay
}

// isGitLabJob reports whether a top-level value of a file has a key of GitLab's jobs.
func isGitLabJob(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "script", "secrets", "extends":
			return true
		}
	}
	return false
}
