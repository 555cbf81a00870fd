// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// tidyPart is the part of the shared work that is not a source: a source has no slash in its
// name.
const tidyPart = "/tidy"

// share follows the sources that fall to this replica, until ctx ends. The others are
// followed by other replicas. One of all replicas tidies.
func (c *Controller) share(ctx context.Context, log *slog.Logger) {
	c.warnOfFiles()
	c.alone.Store(true)
	parts := []string{}
	sources := map[string]config.Source{}
	for _, cfg := range c.cfg.Sources {
		if cfg.Suspend {
			log.Info("suspended", "source", cfg.Name)
			continue
		}
		parts, sources[cfg.Name] = append(parts, cfg.Name), cfg
		c.board.leave(cfg.Name)
	}
	if c.cfg.Tidy != nil {
		parts = append(parts, tidyPart)
	}
	var work errgroup.Group
	work.Go(func() error {
		c.watchToken(ctx, log)
		return nil
	})
	c.candidate.Share(ctx, log, election.Work{
		Parts: parts,
		Do: func(ctx context.Context, part string) {
			if part == tidyPart {
				c.tidy(ctx, log)
				return
			}
			c.followShared(ctx, sources[part], log)
		},
		Seen: func(replicas map[string]string) {
			c.alone.Store(replicas == nil)
			c.board.see(replicas)
		},
	})
	_ = work.Wait()
}

// followShared follows a source until another replica does. What this one knew of it is
// old from then on.
func (c *Controller) followShared(ctx context.Context, cfg config.Source, log *slog.Logger) {
	log.Info("follows the source", "source", cfg.Name)
	c.board.join(cfg.Name)
	c.followSource(ctx, cfg, log)
	c.board.leave(cfg.Name)
	c.inventory.forget(cfg)
	log.Info("does not follow the source any more", "source", cfg.Name)
}

// errElsewhere is the answer of a replica that does not follow the source. replica is the
// one that does; empty if it is not known.
func errElsewhere(replica string) error {
	if replica == "" {
		return fmt.Errorf("%s; try again later", noFollower)
	}
	return fmt.Errorf("replica %s follows the source. Hint: run the command there", replica)
}

const noFollower = "no replica is known to follow the source at the moment"

// replicaName is the host of a replica, from its identity.
func replicaName(identity string) string {
	if i := strings.LastIndexByte(identity, '_'); i > 0 {
		identity = identity[:i]
	}
	return foreign.Short(identity)
}

// join notes that this replica follows a source, leave that it does not.
func (b *board) join(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.elsewhere, source)
}

func (b *board) leave(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.elsewhere[source] = true
	b.all[source] = report.Status{Source: source, Branch: b.all[source].Branch, Problems: []string{"no sync yet"}}
}

// see notes the identities of the other replicas by the sources that they follow.
func (b *board) see(replicas map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = replicas
}

// otherReplica is the name of the replica that follows a source, if this one does not; empty if it is
// not known.
func (b *board) otherReplica(source string) (replica string, elsewhere bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return replicaName(b.replicas[source]), b.elsewhere[source]
}

// elsewhereStatus is the status of a source that this replica does not follow.
func elsewhereStatus(s report.Status, replica string) report.Status {
	s.FollowedBy, s.Ready, s.Problems = replica, true, []string{}
	if replica == "" {
		s.Ready, s.Problems = false, []string{noFollower}
	}
	return s
}
