// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package syncer

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/kubetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// sharers are relay-sync of one controller that share sources, with the Role of the example.
type sharers struct {
	*world
	api       *kubetest.Cluster
	namespace string
	all       []*replica
	commits   int
}

const (
	sharedSources = 12
	// most is how many of them one of four replicas follows at most, and mostOfThree one of
	// three: a quarter more than the mean.
	most, mostOfThree = 4, 5
)

func newSharers(t *testing.T, api *kubetest.Cluster) *sharers {
	t.Helper()
	s := &sharers{world: newWorld(t, sharedSources), api: api}
	s.namespace = "n" + s.cfg.Controller
	api.Namespace(t, s.namespace)
	for _, file := range []string{"kubernetes/rbac.yaml", "kubernetes-shared/role.yaml"} {
		api.Kubectl(t, "apply", "--namespace", s.namespace, "--filename", "../examples/relay-sync/"+file)
	}
	s.commit()
	return s
}

func (s *sharers) commit() {
	s.t.Helper()
	s.commits++
	s.commitGeneration(s.commits, sharedSources, numbered(1))
}

// start starts one more replica.
func (s *sharers) start() *replica {
	s.t.Helper()
	proxy := vaulttest.NewProxy(s.t, s.vault.Address)
	var text strings.Builder
	fmt.Fprintf(&text, `controller: %s
election: {lease: relay-sync, namespace: %s, share: sources, kubeconfig: %q}
vault: {address: %q, token_file: %q, settle: 1s}
sources:
`, s.cfg.Controller, s.namespace, s.api.Kubeconfig(s.t, s.api.Token(s.t, s.namespace, "relay-sync", "")), proxy.Address, s.cfg.Vault.TokenFile)
	for i := range sharedSources {
		fmt.Fprintf(&text, "- {name: team-%d, repository: %q, files: [%d.yaml], workflows: [%q], age_keys: [%q]}\n", i, s.repo, i, s.workflow(i), s.cfg.Sources[0].AgeKeys[0])
	}
	r := &replica{startProgram(s.t, text.String()), proxy}
	s.all = append(s.all, r)
	return r
}

// settled waits until each source is followed by one of the replicas that run and has the last
// commit, and each replica has at least one and at most so many. It returns how many each has.
func (s *sharers) settled(most int, running ...*replica) map[*replica]int {
	s.t.Helper()
	head := strings.TrimSpace(s.run("git", "rev-parse", "main"))
	var load map[*replica]int
	if !await.Until(3*time.Minute, func() bool {
		load = map[*replica]int{}
		for i := range sharedSources {
			followers := 0
			for _, r := range running {
				if status := r.statusOf(s.t, fmt.Sprint("team-", i)); status.FollowedBy == "" && status.Applied == head && status.Settled() {
					followers++
					load[r]++
				}
			}
			if followers != 1 {
				return false
			}
		}
		for _, n := range load {
			if n > most {
				return false
			}
		}
		return len(load) == len(running)
	}) {
		s.t.Fatalf("never: each source is followed by one of %d replicas: %v", len(running), load)
	}
	return load
}

// TestKubernetesReplicasShareSources runs four replicas: one is killed, one started, and one
// frozen past its lease.
func TestKubernetesReplicasShareSources(t *testing.T) {
	t.Parallel()
	s := newSharers(t, kubetest.Start(t))
	first, second, third, killed := s.start(), s.start(), s.start(), s.start()
	defer func() {
		if t.Failed() {
			for i, r := range s.all {
				t.Logf("the log of replica %d:\n%s", i, &r.log)
			}
		}
	}()
	load := s.settled(most, first, second, third, killed)
	t.Logf("sources of each of four replicas: %d, %d, %d, %d", load[first], load[second], load[third], load[killed])
	s.commit()
	s.settled(most, first, second, third, killed)

	killed.signal(t, syscall.SIGKILL)
	begun := time.Now()
	_ = killed.cmd.Wait()
	s.commit()
	load = s.settled(mostOfThree, first, second, third)
	t.Logf("%v after kill -9 of one replica: %d, %d, %d", time.Since(begun).Round(time.Second), load[first], load[second], load[third])

	fourth := s.start()
	s.settled(most, first, second, third, fourth)
	leases := strings.Fields(s.api.Kubectl(t, "get", "lease", "--namespace", s.namespace, "--output", "name"))
	if len(leases) != 4 {
		t.Errorf("the Leases of four replicas, of which one replaced another: %v", leases)
	}

	fourth.signal(t, syscall.SIGSTOP)
	s.commit()
	s.settled(mostOfThree, first, second, third)
	before := changesOf(fourth.proxy)
	fourth.signal(t, syscall.SIGCONT)
	s.settled(most, first, second, third, fourth)
	if after := changesOf(fourth.proxy); after != before {
		t.Errorf("the replica that was frozen sent %d changes of a commit that others had applied", after-before)
	}

	for _, r := range []*replica{first, second, third, fourth} {
		r.stop(t)
	}
	s.wantOneVersionOfEachCommit()
	if taken := s.api.Kubectl(t, "get", "lease", "--namespace", s.namespace, "--output", "jsonpath={.items[*].spec.holderIdentity}"); taken != "" {
		t.Errorf("replicas that stopped keep their Leases: %s", taken)
	}
}

// wantOneVersionOfEachCommit checks that each secret has one version of each commit.
func (s *sharers) wantOneVersionOfEachCommit() {
	t := s.t.(*testing.T)
	t.Helper()
	var proxies []*vaulttest.Proxy
	for _, r := range s.all {
		proxies = append(proxies, r.proxy)
	}
	wrote := versionsOf(t, proxies...)
	if len(wrote) != sharedSources {
		t.Errorf("%d secrets were written, want %d", len(wrote), sharedSources)
	}
	for address, versions := range wrote {
		for n := 1; n <= s.commits; n++ {
			if len(versions) != s.commits || versions[n].generation != n {
				t.Errorf("%s: %d versions of %d commits; version %d is of commit %d", address, len(versions), s.commits, n, versions[n].generation)
			}
		}
	}
}
