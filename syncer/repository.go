// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// resolve finds the commit that the source follows.
func resolve(ctx context.Context, s config.Source, repo *gitsource.Repository) (gitsource.Commit, error) {
	if s.Tag != "" {
		tag, err := repo.ResolveTag(ctx, s.Tag)
		return tag.Commit, err
	}
	return repo.Resolve(ctx, s.Branch)
}

// watch asks to hear when that commit may have moved.
func watch(ctx context.Context, s config.Source, repo *gitsource.Repository) (<-chan struct{}, error) {
	if s.Tag != "" {
		return repo.WatchTag(ctx, s.Tag)
	}
	return repo.Watch(ctx, s.Branch)
}

func newMirrors(cfg *config.Config) map[string]*gitmirror.Mirror {
	mirrors := map[string]*gitmirror.Mirror{}
	for _, s := range cfg.Sources {
		if m := newMirror(cfg, s); m != nil {
			mirrors[s.Name] = m
		}
	}
	return mirrors
}

// fetch brings the mirror of a remote source up to date. A local one needs none.
func (c *Controller) fetch(ctx context.Context, cfg config.Source) error {
	mirror := c.mirrors[cfg.Name]
	if mirror == nil {
		return nil
	}
	begun := time.Now()
	fetched, err := mirror.Update(ctx)
	if ctx.Err() == nil {
		c.metrics.fetched(cfg.Name, fetched, err, time.Since(begun))
	}
	return err
}

// repository opens the source's repository: its folder, or its mirror as the last
// fetch has left it.
func (c *Controller) repository(ctx context.Context, cfg config.Source) (*gitsource.Repository, error) {
	if mirror := c.mirrors[cfg.Name]; mirror != nil {
		return gitsource.Open(ctx, mirror.Path())
	}
	return gitsource.Open(ctx, cfg.Repository)
}

// mend throws the mirror of a source away in whose round it showed that it is
// damaged: the next fetch makes it anew.
func (c *Controller) mend(ctx context.Context, report Report) {
	mirror := c.mirrors[report.Source]
	if mirror == nil || !report.damaged() {
		return
	}
	if err := mirror.Discard(ctx); err != nil {
		c.Warn("source " + report.Source + ": its mirror is damaged, and throwing it away: " + err.Error())
		return
	}
	c.Warn("source " + report.Source + ": its mirror was damaged and is fetched anew")
}

func (r Report) damaged() bool {
	for _, f := range r.Failures {
		if errors.Is(f.Err, gitsource.ErrDamaged) {
			return true
		}
	}
	return errors.Is(r.Err, gitsource.ErrDamaged)
}

// newMirror makes the mirror of a remote source; nil for a local one. The
// configuration was checked.
func newMirror(cfg *config.Config, s config.Source) *gitmirror.Mirror {
	remote, err := gitmirror.ParseRemote(s.Repository)
	if !s.IsRemote() || err != nil {
		return nil
	}
	return gitmirror.New(gitmirror.Config{
		Remote: remote, Access: s.Remote.Access(), Ref: s.FullRef(), Timeout: s.Remote.Timeout, MaxBytes: s.Remote.MaxMiB << 20,
		Folder: filepath.Join(cfg.Mirrors, cfg.Controller, s.Name),
	})
}
