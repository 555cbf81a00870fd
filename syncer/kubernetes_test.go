// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package syncer

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/kubetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// replica is a relay-sync that takes part in an election, behind a proxy of its own.
type replica struct {
	*program
	proxy *vaulttest.Proxy
}

// replicas are two relay-sync of one controller, with a Lease in a namespace of their own.
type replicas struct {
	*world
	api       *kubetest.Cluster
	namespace string
	all       [2]replica
	commits   int
}

// newReplicas starts two replicas with the service account and the Role of the example. The test
// has to stop them.
func newReplicas(t *testing.T, api *kubetest.Cluster) *replicas {
	t.Helper()
	r := &replicas{world: newWorld(t, 1), api: api}
	r.namespace = "n" + r.cfg.Controller
	api.Namespace(t, r.namespace)
	api.Kubectl(t, "apply", "--namespace", r.namespace, "--filename", "../examples/relay-sync/kubernetes/rbac.yaml")
	r.commit()
	for i := range r.all {
		proxy := vaulttest.NewProxy(t, r.vault.Address)
		r.all[i] = replica{startProgram(t, r.config(proxy, api.Kubeconfig(t, api.Token(t, r.namespace, "relay-sync", "")))), proxy}
	}
	return r
}

// stop stops both replicas before the test ends, which would kill them.
func (r *replicas) stop() {
	for i := range r.all {
		r.all[i].signal(r.t, syscall.SIGCONT) // a frozen one does not end
		r.all[i].stop(r.t)
		if r.t.Failed() {
			r.t.Logf("the log of replica %d:\n%s", i, &r.all[i].log)
		}
	}
}

// config is the configuration of a replica. It compares often, so that a leader always has work.
func (r *replicas) config(proxy *vaulttest.Proxy, kubeconfig string) string {
	source := r.cfg.Sources[0]
	return fmt.Sprintf(`controller: %s
election: {lease: relay-sync, namespace: %s, kubeconfig: %q}
vault: {address: %q, token_file: %q, concurrency: 1, settle: 1s}
sources:
- {name: shop, repository: %q, files: ["**/*.yaml"], workflows: [%q], age_keys: [%q], drift_interval: 5s}
`, r.cfg.Controller, r.namespace, kubeconfig, proxy.Address, r.cfg.Vault.TokenFile, r.repo, r.workflow(0), source.AgeKeys[0])
}

// commit commits new values of three secrets.
func (r *replicas) commit() {
	r.t.Helper()
	r.commits++
	r.commitGeneration(r.commits, 1, numbered(3))
}

// leader waits until exactly one of the replicas that run is the leader and has applied the last
// commit. It returns the leader and the other one.
func (r *replicas) leader(running ...int) (leader, standby *replica) {
	r.t.Helper()
	if len(running) == 0 {
		running = []int{0, 1}
	}
	head := strings.TrimSpace(r.run("git", "rev-parse", "main"))
	if !await.Until(3*time.Minute, func() bool {
		leader = nil
		for _, i := range running {
			if r.all[i].standby(r.t) {
				continue
			}
			if leader != nil {
				return false
			}
			leader, standby = &r.all[i], &r.all[1-i]
		}
		if leader == nil {
			return false
		}
		s := leader.statusOf(r.t, "shop")
		return s.Applied == head && s.Settled()
	}) {
		r.t.Fatal("never: one leader that has applied the last commit")
	}
	return leader, standby
}

// noLeader waits until every replica is on standby.
func (r *replicas) noLeader() {
	r.t.Helper()
	if !await.Until(time.Minute, func() bool { return r.all[0].standby(r.t) && r.all[1].standby(r.t) }) {
		r.t.Fatal("a replica that cannot renew the lease still leads")
	}
}

// index is the number of a replica.
func (r *replicas) index(of *replica) int {
	if of == &r.all[0] {
		return 0
	}
	return 1
}

// standby reports whether the program answers that another one was elected.
func (p *replica) standby(t testing.TB) bool {
	t.Helper()
	response, err := http.Get(strings.TrimSuffix(p.status, "status") + "readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return strings.Contains(string(text), "on standby")
}

func (p *program) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// changesOf counts the requests of a replica that change Vault.
func changesOf(p *vaulttest.Proxy) (n int) {
	for _, r := range p.Requests() {
		if strings.Contains(r.Path, "/data/") || strings.Contains(r.Path, "/delete/") || r.Method == http.MethodPatch {
			n++
		}
	}
	return n
}

// wantVersions checks that no version has the value of an older commit than the one before, that at
// most so many have that of the same commit, and that the last one has that of the last commit.
func (r *replicas) wantVersions(again int) {
	r.t.Helper()
	t := r.t.(*testing.T)
	for address, versions := range versionsOf(t, r.all[0].proxy, r.all[1].proxy) {
		newest := 0
		for n := 1; n <= len(versions); n++ {
			generation := versions[n].generation
			if generation == newest {
				again--
			}
			if generation < newest || again < 0 {
				t.Errorf("version %d of %s is of commit %d, after one of commit %d", n, address, generation, newest)
			}
			newest = generation
		}
	}
	for _, name := range numbered(3) {
		r.wantRead(r.workflow(0), name, fmt.Sprint(r.commits))
	}
}
