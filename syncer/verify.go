// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// setContents sets what a valid manifest has.
func setContents(v *report.Verified, leaves []sopsfile.Leaf) {
	v.Leaves, v.Notes = leaves, connectionNotes(leaves)
	fields := 0
	eachConnection(leaves, func(of []sopsfile.Leaf) {
		v.Connections++
		fields += len(of)
	})
	v.Secrets = len(leaves) - fields
}

// Verify checks the manifests of each named source's commit, or of all sources.
func (c *Controller) Verify(ctx context.Context, names []string) ([]report.Verified, error) {
	sources, err := c.cfg.Select(names)
	if err != nil {
		return nil, err
	}
	c.warnOfFiles()
	var out []report.Verified
	for _, cfg := range sources {
		verified, err := c.verifySource(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", cfg.Name, err)
		}
		out = append(out, verified...)
	}
	return out, nil
}

func (c *Controller) verifySource(ctx context.Context, cfg config.Source) ([]report.Verified, error) {
	at, err := c.locate(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &source{Source: cfg, location: at}
	if _, err := s.verifySignature(ctx); err != nil {
		return nil, err
	}
	files, err := s.list(ctx)
	if tooLarge(err) {
		return []report.Verified{{Source: cfg.Name, Commit: string(s.commit), Err: err}}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return []report.Verified{{Source: cfg.Name, Err: s.noFiles()}}, nil
	}
	var out []report.Verified
	leaves := 0
	err = s.repo.Read(ctx, files, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		v := report.Verified{Source: cfg.Name, File: file.String(), Err: err}
		if err == nil {
			v = s.verifyFile(file.Path, file.Path, data)
		}
		v.Commit = string(s.commit)
		out = append(out, v)
		leaves += len(v.Leaves)
		return s.checkLeaves(leaves)
	})
	if tooLarge(err) {
		return []report.Verified{{Source: cfg.Name, Commit: string(s.commit), Err: err}}, nil
	}
	return out, err
}
