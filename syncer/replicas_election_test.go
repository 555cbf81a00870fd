// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
)

// TestTwoReplicasWithAnElectionWriteNoExtraVersion runs two controllers of one name
// with an election while commits come. Half way the one that follows is stopped, and
// the other takes over. The API server is a stand-in that keeps Leases as Kubernetes
// does. Each version has a value of its own.
func TestTwoReplicasWithAnElectionWriteNoExtraVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	leases := leasetest.New(t)
	second := *w
	second.proxy = vaulttest.NewProxy(t, w.vault.Address)
	other := *w.cfg
	other.Vault.Address = second.proxy.Address
	second.cfg = &other
	for i, cfg := range []*config.Config{w.cfg, second.cfg} {
		token := fmt.Sprint("replica-", i)
		cfg.Election = &election.Config{Lease: "relay-sync", Namespace: "prod", Kubeconfig: write(t, t.TempDir(), "kubeconfig", leases.Kubeconfig(token))}
	}
	generation := 0
	commit := func() {
		generation++
		w.seal("all.yaml", fmt.Sprintf("workflows:\n  %s: {secret_0: %q, secret_1: %q}\n", w.workflow(0), fmt.Sprint(generation), fmt.Sprint(generation)))
		w.commit()
	}
	commitFor := func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); {
			commit()
		}
	}
	settled := func(d *daemon) {
		t.Helper()
		head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
		d.until("the last commit is in Vault", func() bool {
			s := d.status()["shop"]
			return s.Applied == head && s.Settled()
		})
	}
	commit()
	first := w.daemon()
	settled(first)
	standby := second.daemon()
	commitFor(*replicasFor / 2)
	settled(first)
	if n := len(second.proxy.Requests()); n > 0 {
		t.Errorf("the replica that stands by sent %d requests", n)
	}
	first.stop()
	commitFor(*replicasFor / 2)
	settled(standby)

	wrote := versionsOf(t, w.proxy, second.proxy)
	total := 0
	for address, versions := range wrote {
		newest := 0
		for n := 1; n <= len(versions); n++ {
			if total++; versions[n].generation <= newest {
				t.Errorf("version %d of %s is of commit %d, after one of commit %d", n, address, versions[n].generation, newest)
			}
			newest = versions[n].generation
		}
	}
	t.Logf("%d commits, %d versions of %d secrets, none of them extra", generation, total, len(wrote))
	for _, name := range []string{"secret_0", "secret_1"} {
		w.wantRead(w.workflow(0), name, fmt.Sprint(generation))
	}
}
