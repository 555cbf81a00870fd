// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Limits bound what one commit of a source may contain. A commit beyond a limit is refused
// before a value is decrypted, so that one repository cannot take the memory of the others.
type Limits struct {
	// Files is the number of manifests in a commit; 2000 if unset, at most 100000.
	Files int `yaml:"files"`
	// MiB is the size of all manifests in a commit; 32 if unset, at most 1024.
	MiB int64 `yaml:"mib"`
	// Secrets is the number of secrets and fields of connections in a commit; 20000 if
	// unset, at most 100000, which need some 500 MB of memory.
	Secrets int `yaml:"secrets"`
	// GitMiB is how much memory git may allocate at once for the repository: for one object
	// that is a delta, or for the list of the objects of a fetch (about 70 bytes each); 64 if
	// unset, 16 to 4096. Git needs up to three times as much in all. A larger file that no
	// pattern matches needs no memory unless it is a delta.
	GitMiB int64 `yaml:"git_mib"`
}

// The defaults and the largest values of Limits.
const (
	defaultFiles, maxFiles     = 2000, 100_000
	defaultMiB, maxMiB         = 32, 1024
	defaultSecrets, maxSecrets = 20_000, 100_000
	minGitMiB, maxGitMiB       = 16, 4096
)

// DefaultLimits are those of files that no source follows.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

func (l Limits) withDefaults() Limits {
	return Limits{
		Files: cmp.Or(l.Files, defaultFiles), MiB: cmp.Or(l.MiB, defaultMiB), Secrets: cmp.Or(l.Secrets, defaultSecrets),
		GitMiB: cmp.Or(l.GitMiB, gitcommand.DefaultMemory>>20),
	}
}

func (l Limits) problems() (out problem.List) {
	out.AddIf(l.Files < 1 || l.Files > maxFiles, "files", "must be 1 to %d", maxFiles)
	out.AddIf(l.MiB < 1 || l.MiB > maxMiB, "mib", "must be 1 to %d", maxMiB)
	out.AddIf(l.Secrets < 1 || l.Secrets > maxSecrets, "secrets", "must be 1 to %d", maxSecrets)
	out.AddIf(l.GitMiB < minGitMiB || l.GitMiB > maxGitMiB, "git_mib", "must be %d to %d", minGitMiB, maxGitMiB)
	return out
}
