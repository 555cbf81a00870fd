// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// Verified is what can be said of a manifest without a key and without Vault.
type Verified struct {
	// Source is empty for a file that was named by itself.
	Source string
	File   string
	// Secrets and Connections are how many it holds, 0 where it is refused.
	Secrets, Connections int
	// Leaves are the secrets and the fields of the connections, still sealed.
	Leaves []sopsfile.Leaf
	// Notes are what a person may want to know and what stops nothing.
	Notes []string
	Err   error
}

// found takes in what a good manifest holds.
func (v *Verified) found(leaves []sopsfile.Leaf) {
	v.Leaves, v.Notes = leaves, connectionNotes(leaves)
	fields := 0
	eachConnection(leaves, func(of []sopsfile.Leaf) {
		v.Connections++
		fields += len(of)
	})
	v.Secrets = len(leaves) - fields
}

func (v Verified) holds() string {
	if v.Connections == 0 {
		return count(v.Secrets, "secret")
	}
	return count(v.Secrets, "secret") + ", " + count(v.Connections, "connection")
}

// VerifyFile checks one manifest. name is for messages and tells the format.
func VerifyFile(name string, data []byte) Verified {
	manifest, err := sopsfile.Verify(name, data)
	if err != nil {
		return Verified{File: name, Err: err}
	}
	v := Verified{File: name}
	problems := &sopsfile.Problems{File: name}
	if checkConnections(manifest.Leaves, problems); len(problems.List) > 0 {
		v.Err = problems
		return v
	}
	v.found(manifest.Leaves)
	return v
}

// Verify checks the manifests of each named source's commit, or of all sources.
func (c *Controller) Verify(ctx context.Context, names []string) ([]Verified, error) {
	sources, err := c.cfg.Select(names)
	if err != nil {
		return nil, err
	}
	var out []Verified
	for _, cfg := range sources {
		verified, err := c.verifySource(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", cfg.Name, err)
		}
		out = append(out, verified...)
	}
	return out, nil
}

func (c *Controller) verifySource(ctx context.Context, cfg config.Source) ([]Verified, error) {
	if err := c.fetch(ctx, cfg); err != nil {
		return nil, err
	}
	repo, err := c.repository(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &source{Source: cfg, repo: repo}
	commit, _, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	files, err := repo.Files(ctx, commit, cfg.Patterns())
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return []Verified{{Source: cfg.Name, File: "-", Err: s.noFiles(commit)}}, nil
	}
	var out []Verified
	err = repo.Read(ctx, files, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		v := Verified{Source: cfg.Name, File: file.String(), Err: err}
		if err == nil {
			var manifest *sopsfile.Manifest
			if manifest, v.Err = s.verified(file.Path, data); v.Err == nil {
				v.found(manifest.Leaves)
			}
		}
		out = append(out, v)
		return nil
	})
	return out, err
}
