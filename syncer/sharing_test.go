// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	daemonclient "github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sharing runs two replicas that share the sources team-a and team-b. It returns them when the
// first follows team-a, and the second team-b.
func (w *world) sharing() (first, second *runningReplica) {
	w.t.Helper()
	leases := leasetest.New(w.t)
	start := func(n int) *runningReplica {
		own := *w
		own.proxy = vaulttest.NewProxy(w.t, w.vault.Address)
		cfg := *w.cfg
		cfg.Vault.Address = own.proxy.Address
		cfg.Election = &election.Config{
			Lease: "shared", Namespace: "prod", Share: election.ShareSources,
			Kubeconfig: write(w.t, w.t.TempDir(), "kubeconfig", leases.Kubeconfig(fmt.Sprint("replica-", n))),
		}
		own.cfg = &cfg
		return &runningReplica{own.daemon(), own.proxy}
	}
	one, two := start(0), start(1)
	follows := func(r *runningReplica, source, other string) bool {
		all := r.status()
		return all[source].Settled() && all[source].FollowedBy == "" && all[other].FollowedBy != ""
	}
	one.until("each replica follows a source", func() bool {
		first, second = one, two
		if follows(two, "team-a", "team-b") {
			first, second = two, one
		}
		return follows(first, "team-a", "team-b") && follows(second, "team-b", "team-a")
	})
	return first, second
}

// runningReplica is a replica behind a proxy of its own.
type runningReplica struct {
	*daemon
	proxy *vaulttest.Proxy
}

// TestReplicasThatShareHandOverSecrets moves a secret between sources of two replicas. Each has the
// configuration of both sources, so it reads the files of the other one.
func TestReplicasThatShareHandOverSecrets(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	first, second := w.sharing()
	w.move()
	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	first.until("the secret is handed over", func() bool {
		a, b := first.status()["team-a"], second.status()["team-b"]
		return a.Applied == head && a.Settled() && b.Applied == head && b.Settled()
	})
	w.wantOwner("team-a", 2)
	for _, request := range second.proxy.Requests() {
		if strings.Contains(request.Path, "/delete/") {
			t.Errorf("the former source deleted: %s", request.Path)
		}
	}
}

func TestReplicaShowsWhichOtherOneFollowsASource(t *testing.T) {
	t.Parallel()
	w := newTeams(t)
	first, second := w.sharing()
	replica := first.status()["team-b"].FollowedBy
	if host, err := os.Hostname(); err != nil || replica != host {
		t.Errorf("team-b is followed by %q, want %q: %v", replica, host, err)
	}
	get := func(method, target string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		first.CommandHandler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, target, nil))
		return answer
	}
	if answer := get("GET", "/readyz"); answer.Code != http.StatusOK {
		t.Errorf("a replica that follows only some of the sources is not ready: %s", answer.Body)
	}
	metrics := first.metricsText()
	for _, want := range []string{`relay_sync_follows{source="team-a"} 1`, `relay_sync_follows{source="team-b"} 0`, "relay_sync_leader 1"} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no metric %s", want)
		}
	}
	if strings.Contains(metrics, `relay_sync_secrets{source="team-b"`) {
		t.Error("a metric is about what is in Vault of a source that another replica follows")
	}
	if text := get("POST", "/sync").Body.String(); !strings.Contains(text, "replica "+replica+" follows the source. Hint: run the command there") {
		t.Errorf("a sync of all sources:\n%s", text)
	}
	if text := get("POST", "/sync?source=team-a").Body.String(); strings.Contains(text, "Hint") {
		t.Errorf("a sync of a source that the replica follows:\n%s", text)
	}
	if _, err := daemonclient.FindPlan(get("GET", "/status").Body, "here", "team-b"); err == nil ||
		!strings.Contains(err.Error(), "replica "+replica+" follows the source, so it has the plan. Hint: run the command there, or name its endpoint: --url") {
		t.Errorf("the plan of a source that another replica follows: %v", err)
	}

	t.Log("the other replica stops")
	second.stop()
	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	first.until("this replica follows both", func() bool {
		b := first.status()["team-b"]
		return b.FollowedBy == "" && b.Applied == head && b.Settled()
	})
	if text := get("POST", "/sync").Body.String(); strings.Contains(text, "Hint") {
		t.Errorf("a sync of all sources, which this replica follows:\n%s", text)
	}
}

func TestSourceThatNoReplicaFollowsIsNotReady(t *testing.T) {
	t.Parallel()
	s := elsewhereStatus(report.Status{Source: "shop"}, "")
	if s.State() != report.NotReady || s.Outcome() != report.Failed || len(s.Problems) != 1 {
		t.Errorf("%+v is %s", s, s.State())
	}
	if err := errElsewhere(""); !strings.Contains(err.Error(), "no replica is known to follow the source at the moment; try again later") {
		t.Error(err)
	}
	s = elsewhereStatus(report.Status{Source: "shop"}, "other")
	if s.State() != report.Elsewhere || s.Outcome() != report.Clean {
		t.Errorf("%+v is %s", s, s.State())
	}
}
