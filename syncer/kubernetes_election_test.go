// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package syncer

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/kubetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestKubernetesElection runs two relay-sync with a Lease of a real API server.
func TestKubernetesElection(t *testing.T) {
	t.Parallel()
	api := kubetest.Start(t)
	t.Run("leader frozen past its lease", func(t *testing.T) {
		t.Parallel()
		frozenLeader(t, newReplicas(t, api))
	})
	for request := 1; request <= 4; request++ {
		t.Run(fmt.Sprintf("leader frozen at request %d of a change", request), func(t *testing.T) {
			t.Parallel()
			frozenInAWrite(t, newReplicas(t, api), request)
		})
	}
	t.Run("Lease deleted", func(t *testing.T) {
		t.Parallel()
		r := newReplicas(t, api)
		defer r.stop()
		for range 3 {
			r.leader()
			api.Kubectl(t, "wait", "--for=create", "lease/relay-sync", "--namespace", r.namespace, "--timeout=60s")
			api.Kubectl(t, "delete", "lease", "relay-sync", "--namespace", r.namespace)
			r.commit()
		}
		r.leader()
		r.wantVersions(0)
	})
	t.Run("Lease edited by hand", func(t *testing.T) {
		t.Parallel()
		editedLease(t, newReplicas(t, api))
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		refusedElection(t, api)
	})
}

// frozenLeader freezes the leader between two syncs. The next leader then has the commits to itself.
func frozenLeader(t *testing.T, r *replicas) {
	defer r.stop()
	leader, standby := r.leader()
	if n := len(standby.proxy.Requests()); n > 0 {
		t.Errorf("the replica on standby sent %d requests to Vault", n)
	}
	leader.signal(t, syscall.SIGSTOP)
	r.commit()
	r.leader(r.index(standby))
	before := changesOf(leader.proxy)
	leader.signal(t, syscall.SIGCONT)
	if next, _ := r.leader(); next != standby {
		t.Error("the replica that was frozen leads again")
	}
	r.commit()
	r.leader()
	if after := changesOf(leader.proxy); after != before {
		t.Errorf("the replica that was frozen sent %d changes after another was elected", after-before)
	}
	r.wantVersions(0)
}

// frozenInAWrite freezes the leader when the n-th request of a change reaches Vault: it gets the
// answer when it goes on.
func frozenInAWrite(t *testing.T, r *replicas, n int) {
	defer r.stop()
	leader, standby := r.leader()
	frozen := make(chan struct{})
	begun := changesOf(leader.proxy)
	leader.proxy.Hook(func(_ int, request *http.Request) vaulttest.Action {
		if changes(request) && changesOf(leader.proxy) == begun+n {
			leader.signal(t, syscall.SIGSTOP)
			close(frozen)
		}
		return vaulttest.Action{}
	})
	r.commit()
	<-frozen
	r.leader(r.index(standby))
	before := changesOf(leader.proxy)
	leader.signal(t, syscall.SIGCONT)
	if next, _ := r.leader(); next != standby {
		t.Error("the replica that was frozen leads again")
	}
	r.commit()
	r.leader()
	// One request was under way; check-and-set refuses a value, and a record that arrives late costs a version.
	if after := changesOf(leader.proxy) - before; after > 1 {
		t.Errorf("the replica that was frozen sent %d changes after another was elected", after)
	}
	r.wantVersions(2)
}

// editedLease lets a person take the Lease, empty it, and label it.
func editedLease(t *testing.T, r *replicas) {
	defer r.stop()
	patch := func(text string) {
		t.Helper()
		r.api.Kubectl(t, "patch", "lease", "relay-sync", "--namespace", r.namespace, "--type", "merge", "--patch", text)
	}
	r.leader()
	patch(`{"metadata":{"annotations":{"example.com/team":"platform"}},"spec":{"holderIdentity":"a-person"}}`)
	r.noLeader()
	r.commit()
	r.leader() // when the lease of the person has expired
	patch(`{"spec":{"holderIdentity":"","leaseDurationSeconds":1}}`)
	r.commit()
	r.leader()
	patch(`{"spec":{"holderIdentity":null,"leaseDurationSeconds":null,"renewTime":null,"acquireTime":null,"leaseTransitions":null}}`)
	r.commit()
	r.leader()
	r.wantVersions(0)
	if got := r.api.Kubectl(t, "get", "lease", "relay-sync", "--namespace", r.namespace, "--output", `jsonpath={.metadata.annotations.example\.com/team}`); got != "platform" {
		t.Errorf("the annotation of the Lease is now %q", got)
	}
}

// TestKubernetesWithoutItsAPIServer stops the API server for a minute, in two ways: it answers
// nothing, or it is killed and comes back with what it had stored.
func TestKubernetesWithoutItsAPIServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end, begin func(*kubetest.Cluster, *testing.T)
	}{
		"frozen": {
			func(c *kubetest.Cluster, t *testing.T) { c.Freeze(t) },
			func(c *kubetest.Cluster, t *testing.T) { c.Thaw(t) },
		},
		"killed": {
			func(c *kubetest.Cluster, t *testing.T) { c.Kill(t) },
			func(c *kubetest.Cluster, t *testing.T) { c.Launch(t) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := kubetest.Start(t)
			r := newReplicas(t, api)
			defer r.stop()
			r.leader()
			begun := time.Now()
			test.end(api, t)
			r.noLeader()
			before := changesOf(r.all[0].proxy) + changesOf(r.all[1].proxy)
			r.commit()
			if await.Until(time.Minute-time.Since(begun), func() bool { return !r.all[0].standby(t) || !r.all[1].standby(t) }) {
				t.Error("a replica leads without the API server")
			}
			if after := changesOf(r.all[0].proxy) + changesOf(r.all[1].proxy); after != before {
				t.Errorf("the replicas sent %d changes without a leader", after-before)
			}
			test.begin(api, t)
			r.leader()
			r.wantVersions(0)
		})
	}
}

// refusedElection shows what a replica logs that the API server refuses.
func refusedElection(t *testing.T, api *kubetest.Cluster) {
	namespace := "refused"
	api.Namespace(t, namespace)
	for _, account := range []string{"without-rights", "without-create", "administrator", "deleted"} {
		api.Kubectl(t, "create", "serviceaccount", account, "--namespace", namespace)
	}
	bind := func(account, role string, verbs ...string) {
		t.Helper()
		api.Kubectl(t, append([]string{"create", "role", role, "--namespace", namespace, "--resource", "leases"}, verbs...)...)
		api.Kubectl(t, "create", "rolebinding", role, "--namespace", namespace, "--role", role, "--serviceaccount", namespace+":"+account)
	}
	bind("without-create", "reader", "--verb", "get,update", "--resource-name", "relay-sync")
	api.Kubectl(t, "create", "clusterrolebinding", namespace, "--clusterrole", "cluster-admin", "--serviceaccount", namespace+":administrator")
	deleted := api.Token(t, namespace, "deleted", "")
	api.Kubectl(t, "delete", "serviceaccount", "deleted", "--namespace", namespace)
	for name, test := range map[string]struct{ token, namespace, want string }{
		"without rights":       {api.Token(t, namespace, "without-rights", ""), namespace, "read lease " + namespace + "/relay-sync: HTTP 403: permission denied; the Role needs get and update of this Lease, and create of leases"},
		"without create":       {api.Token(t, namespace, "without-create", ""), namespace, "create lease " + namespace + "/relay-sync: HTTP 403: permission denied; the Role needs"},
		"without namespace":    {api.Token(t, namespace, "administrator", ""), "missing", "create lease missing/relay-sync: HTTP 404: the Lease or its namespace was not found"},
		"deleted account":      {deleted, namespace, "HTTP 401: authentication failed; check the token or the certificate"},
		"for another audience": {api.Token(t, namespace, "administrator", "vault"), namespace, "HTTP 401: authentication failed; check the token or the certificate"},
		"expired token":        {api.Expired(t, api.Token(t, namespace, "administrator", "")), namespace, "HTTP 401: authentication failed; check the token or the certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.commit()
			r := &replicas{world: w, namespace: test.namespace}
			file := write(t, t.TempDir(), "relay-sync.yaml", "listen: "+porttest.Address(t)+"\n"+r.config(w.proxy, api.Kubeconfig(t, test.token)))
			if got := logged(t, file, "not elected"); !strings.Contains(got, test.want) || strings.Contains(got, test.token) {
				t.Errorf("the log is\n%s\nwant %s", got, test.want)
			}
		})
	}
}

// logged runs relay-sync until its log has a line with a text.
func logged(t *testing.T, config, text string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), relaySync(t), "run", "-c", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	var seen []string
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if strings.Contains(lines.Text(), text) {
			break
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return strings.Join(seen, "\n")
}
