// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestRateLimitIsKept(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		perSecond float64
		n         int
		want      time.Duration
	}{{0, 1000, 0}, {10, 11, time.Second}, {0.5, 3, 4 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			p, begun := newRateLimit(row.perSecond), time.Now()
			for range row.n {
				if err := p.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begun).Round(time.Millisecond); took != row.want {
				t.Errorf("%d changes at %v a second took %s, want %s", row.n, row.perSecond, took, row.want)
			}
			ended, end := context.WithCancel(t.Context())
			end()
			if p.wait(ended) == nil {
				t.Errorf("at %v a second: a change began after the end", row.perSecond)
			}
		})
	}
}

// TestSourcesShareTheRateLimit: two sources at one Vault, each in its own loop as the
// daemon has them.
func TestSourcesShareTheRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.secretsIn("a.yaml", w.workflow(0), "one", "two", "three")
	w.secretsIn("b.yaml", w.workflow(1), "four", "five", "six")
	w.commit()
	second := w.cfg.Sources[0]
	second.Name, second.Files, second.Workflows = "till", []string{"b.yaml"}, second.Workflows[1:]
	w.cfg.Sources[0].Files, w.cfg.Sources[0].Workflows = []string{"a.yaml"}, w.cfg.Sources[0].Workflows[:1]
	w.cfg.Sources = append(w.cfg.Sources, second)
	const perSecond = 10
	w.cfg.Vault.WritesPerSecond = perSecond
	begun := time.Now()
	w.follow(func(sources map[string]report.Status) bool {
		return sources["shop"].Summary.Add == 3 && sources["till"].Summary.Add == 3
	})
	// Six changes, the first at once.
	if took, want := time.Since(begun), 5*time.Second/perSecond; took < want {
		t.Errorf("six secrets of two sources took %s, want %s at least", took, want)
	}
}

// TestSyncEndsWhenVaultIsUnavailable: each of many secrets could take
// as long as a request may.
func TestSyncEndsWhenVaultIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.cfg.Vault.Concurrency = 1
	w.secretsIn("a.yaml", w.workflow(0), numbered(50)...)
	w.commit()
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") {
			return vaulttest.FailWith(http.StatusGatewayTimeout)
		}
		return vaulttest.Action{}
	})
	if rep := w.sync(true); rep.Outcome() != report.Failed || rep.Summary().Failed != 50 {
		t.Errorf("the sync: %+v", rep.Summary())
	}
	if n := w.writes(); n != 2*maxUnavailable {
		t.Errorf("%d values were sent, want those of %d secrets, each twice", n, maxUnavailable)
	}
	w.wantText("not tried: the sync ended before it")
	if rep := w.sync(true); rep.Outcome() != report.Clean {
		t.Errorf("once Vault is back:\n%s", w.text())
	}
}
