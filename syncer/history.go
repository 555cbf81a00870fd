// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// ancestry is what a source knows of the history of one commit: the revisions that it
// descends from, and those that it does not. Commits do not change, so it stays valid,
// and the next commit needs to be compared only with this one.
//
// It is not safe for concurrent use: a source has one sync at a time.
type ancestry struct {
	commit gitsource.Commit
	known  map[string]bool
	// changed is the last commit up to head that changed a file of the source.
	head, changed gitsource.Commit
}

// lastChange returns the last commit that changed a file which the patterns of the source
// select. While a plan waits, each sync asks for it.
func (a *ancestry) lastChange(ctx context.Context, repo *gitsource.Repository, head gitsource.Commit, patterns []string) (gitsource.Commit, error) {
	if a.head == head {
		return a.changed, nil
	}
	changed, err := repo.LastChange(ctx, head, patterns)
	if err == nil {
		a.head, a.changed = head, changed
	}
	return changed, err
}

// ancestryOf returns the ancestry of a source. Only its syncs use it.
func (c *Controller) ancestryOf(source string) *ancestry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ancestries[source] == nil {
		c.ancestries[source] = &ancestry{}
	}
	return c.ancestries[source]
}

// descends reports for the revision of each record of this source whether the commit
// descends from it. A revision that git cannot determine is not in the answer. It asks
// git once, and a second time after history was rewritten.
func (s *source) descends(ctx context.Context, commit gitsource.Commit, seen observation) (map[string]bool, error) {
	revisions := map[string]bool{}
	for _, entry := range seen.entries {
		if owner, record, found := entry.LastOwner(); found && owner == s.client.Owner() {
			revisions[record.Revision] = true
		}
	}
	return s.ancestry.ask(ctx, s.repo, commit, revisions)
}

// ask returns what is known of the revisions at a commit.
func (a *ancestry) ask(ctx context.Context, repo *gitsource.Repository, commit gitsource.Commit, revisions map[string]bool) (map[string]bool, error) {
	var asked []gitsource.Commit
	for revision := range revisions {
		descends, known := a.known[revision]
		if !known || !descends && a.commit != commit {
			asked = append(asked, gitsource.Commit(revision))
		}
	}
	forward := a.commit == commit || len(asked) == len(revisions) // else known revisions need the former commit
	if !forward {
		asked = append(asked, a.commit)
	}
	if len(asked) == 0 {
		return maps.Clone(a.known), nil
	}
	answers, err := repo.Ancestry(ctx, commit, asked...)
	if err != nil {
		return nil, err
	}
	if !forward && answers[a.commit] != gitsource.Yes { // history was rewritten
		a.known = nil
		return a.ask(ctx, repo, commit, revisions)
	}
	maps.DeleteFunc(a.known, func(revision string, descends bool) bool {
		return !revisions[revision] || !descends && a.commit != commit
	})
	if a.known == nil {
		a.known = map[string]bool{}
	}
	a.commit = commit
	for _, revision := range slices.Sorted(maps.Keys(revisions)) {
		if answer := answers[gitsource.Commit(revision)]; answer != gitsource.Unknown {
			a.known[revision] = answer == gitsource.Yes
		}
	}
	return maps.Clone(a.known), nil
}
