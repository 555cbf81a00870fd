// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// location is what one sync reads: a commit, resolved once. A branch that moves while
// the sync runs does not change it.
type location struct {
	repo   *gitsource.Repository
	commit gitsource.Commit
	// tag is set if the source follows a tag.
	tag gitsource.Tag
}

// locate fetches a source, opens its repository and resolves its commit.
func (c *Controller) locate(ctx context.Context, cfg config.Source) (location, error) {
	if err := c.fetch(ctx, cfg); err != nil {
		return location{}, err
	}
	repo, err := c.openRepository(ctx, cfg)
	var at location
	if err == nil {
		at, err = resolve(ctx, cfg, repo)
	}
	if err != nil && c.mirrors[cfg.Name] != nil && ctx.Err() == nil {
		err = ofFetched(err)
	}
	return at, err
}

// ofFetched is an error of a mirror that was fetched just before, and thus has to have the commit: it is damaged, unless the
// system or a git that does not answer is the cause.
func ofFetched(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	_, silent := errors.AsType[*gitcommand.TimeoutError](err)
	if system || silent {
		return err
	}
	return fmt.Errorf("%w: %w", gitsource.ErrDamaged, err)
}

// Commit returns the commit that a sync of a source would read now, shortened. It fetches a remote repository, and asks
// Vault nothing.
func (c *Controller) Commit(ctx context.Context, source string) (string, error) {
	sources, err := c.cfg.Select([]string{source})
	if err != nil {
		return "", err
	}
	at, err := c.locate(ctx, sources[0])
	return plan.Short(string(at.commit)), err
}

// resolve finds the commit that the source follows.
func resolve(ctx context.Context, s config.Source, repo *gitsource.Repository) (at location, err error) {
	at.repo = repo
	if s.Tag != "" {
		at.tag, err = repo.ResolveTag(ctx, s.Tag)
		at.commit = at.tag.Commit
		return at, err
	}
	at.commit, err = repo.Resolve(ctx, s.Branch)
	return at, err
}

// watch returns a channel that receives when that commit may have moved.
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

// newMirror makes the mirror of a remote source; nil for a local one. The configuration
// was checked.
func newMirror(cfg *config.Config, s config.Source) *gitmirror.Mirror {
	remote, err := gitmirror.ParseRemote(s.Repository)
	if !s.IsRemote() || err != nil {
		return nil
	}
	return gitmirror.New(gitmirror.Config{
		Remote: remote, Access: s.Remote.Access(), Ref: s.FullRef(), Timeout: s.Remote.Timeout, MaxBytes: s.Remote.MaxMiB << 20,
		Folder: filepath.Join(cfg.Mirrors, cfg.Controller, s.Name), Memory: s.Limits.GitMiB << 20,
	})
}

// fetch updates the mirror of a remote source. A local source has none.
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

// openRepository opens the source's repository: its folder, or its mirror as the last
// fetch left it.
func (c *Controller) openRepository(ctx context.Context, cfg config.Source) (*gitsource.Repository, error) {
	path := cfg.Repository
	if mirror := c.mirrors[cfg.Name]; mirror != nil {
		path = mirror.Path()
	}
	repo, err := gitsource.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	repo.LimitMemory(cfg.Limits.GitMiB << 20)
	return repo, nil
}

// discardDamaged discards the mirror of a source if a sync found it damaged: the next
// fetch makes it again.
func (c *Controller) discardDamaged(ctx context.Context, r report.Report) {
	mirror := c.mirrors[r.Source]
	if mirror == nil || !r.Damaged() {
		return
	}
	if err := mirror.Discard(ctx); err != nil {
		c.Warn("source " + r.Source + ": its mirror is damaged, and discarding it failed: " + err.Error())
		return
	}
	c.Warn("source " + r.Source + ": discarded its damaged mirror; the next sync fetches it again")
}
