// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var replicasFor = flag.Duration("replicas.for", 8*time.Second, "how long TestTwoReplicasWriteSafely commits")

// TestTwoReplicasWriteSafely runs two controllers of one name on one source, without
// an election, while commits come as fast as sops seals them and Terraform's client
// writes other secrets of the same workflows. In the end every value is the last
// one committed, every owner is right, no replica writes any more, and each version
// beyond one per value is counted with its reason.
func TestTwoReplicasWriteSafely(t *testing.T) {
	t.Parallel()
	const workflows, each = 2, 3
	w := newWorld(t, workflows)
	w.cfg.Sources[0].DriftInterval = time.Second
	second := *w
	second.proxy = vaulttest.NewProxy(t, w.vault.Address)
	other := *w.cfg
	other.Vault.Address = second.proxy.Address
	second.cfg = &other
	names := numbered(each)
	generation := 0
	commit := func() {
		generation++
		w.commitGeneration(generation, workflows, names)
	}
	commit()
	replicas := []*daemon{w.daemon(), second.daemon()}

	// An unmanaged secret belongs to the first writer.
	for _, d := range replicas {
		d.until("the first commit is in Vault", func() bool { return d.status()["shop"].Settled() })
	}
	terraform := newTerraform(t, w)
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() { terraform.writeUntil(stop) })
	for end := time.Now().Add(*replicasFor); time.Now().Before(end); {
		commit()
	}
	close(stop)
	writing.Wait()

	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	calm := func(d *daemon) bool {
		s := d.status()["shop"]
		return s.Seen == head && s.Summary == report.Summary{Unchanged: workflows * each, InPlace: workflows * each}
	}
	replicas[0].until("both replicas find everything as committed", func() bool { return calm(replicas[0]) && calm(replicas[1]) })
	wrote := versionsOf(t, w.proxy, second.proxy)
	// Two more comparisons of each: had they a quarrel, it would go on.
	for _, d := range replicas {
		for range 2 {
			last := d.status()["shop"].LastSync
			d.until("another comparison", func() bool { return d.status()["shop"].LastSync.After(last) })
		}
	}
	for address, versions := range versionsOf(t, w.proxy, second.proxy) {
		if len(versions) != len(wrote[address]) {
			t.Errorf("%s was written again after all was calm", address)
		}
	}
	for i := range workflows {
		for _, name := range names {
			w.wantRead(w.workflow(i), name, fmt.Sprint(generation))
		}
	}
	terraform.wantAllItsOwn()
	w.explain(wrote, generation)
	for _, p := range []*vaulttest.Proxy{w.proxy, second.proxy} {
		p.AssertBlind(t)
		p.AssertCheckAndSet(t)
	}
}

// commitGeneration commits one manifest per workflow, in which each value is the number
// of the generation.
func (w *world) commitGeneration(generation, workflows int, names []string) {
	w.t.Helper()
	for i := range workflows {
		var text strings.Builder
		fmt.Fprintf(&text, "workflows:\n  %s:\n", w.workflow(i))
		for _, name := range names {
			fmt.Fprintf(&text, "    %s: \"%d\"\n", name, generation)
		}
		w.seal(fmt.Sprintf("%d.yaml", i), text.String())
	}
	w.commit()
}

// wroteVersion is one version that a replica wrote: of which generation of commits.
type wroteVersion struct{ replica, generation int }

// versionsOf determines from what passed the replicas' proxies who wrote which version
// of each secret: a write that succeeds makes the version after its check-and-set.
func versionsOf(t *testing.T, proxies ...*vaulttest.Proxy) map[string]map[int]wroteVersion {
	t.Helper()
	out := map[string]map[int]wroteVersion{}
	for replica, p := range proxies {
		for _, r := range p.Requests() {
			address, isData := strings.CutPrefix(r.Path, "/v1/customers/data/workflows/")
			if !isData || r.Status != http.StatusOK {
				continue
			}
			var body struct {
				Data    struct{ Value string }
				Options struct{ CAS int }
			}
			if err := json.Unmarshal(r.Body, &body); err != nil {
				t.Fatal(err)
			}
			wrote := wroteVersion{replica: replica}
			if _, err := fmt.Sscan(body.Data.Value, &wrote.generation); err != nil {
				t.Fatal(err)
			}
			if out[address] == nil {
				out[address] = map[int]wroteVersion{}
			}
			if _, twice := out[address][body.Options.CAS+1]; twice {
				t.Errorf("%s: two writes made version %d", address, body.Options.CAS+1)
			}
			out[address][body.Options.CAS+1] = wrote
		}
	}
	return out
}

// explain counts the versions by reason, and misses none.
func (w *world) explain(wrote map[string]map[int]wroteVersion, last int) {
	w.t.Helper()
	var wanted, again, back, total int
	for address, versions := range wrote {
		workflow, name, _ := strings.Cut(address, "/")
		if current := w.version(workflow, name); current != len(versions) {
			w.t.Errorf("%s is at version %d, the replicas wrote %d", address, current, len(versions))
		}
		newest := 0
		for n := 1; n <= len(versions); n++ {
			total++
			switch g := versions[n].generation; {
			case g > newest:
				newest = g
				wanted++
			case g == newest:
				again++
			default:
				back++
			}
		}
		if newest != last {
			w.t.Errorf("%s was last written of commit %d, want %d", address, newest, last)
		}
	}
	w.t.Logf("%d commits, %d secrets, %d versions: %d with a new value, %d the same value again (a replica's record came after the other's next value), %d an older one (a replica was a commit behind within the second in which both were sealed)",
		last, len(wrote), total, wanted, again, back)
}

// terraformClient writes secrets of its own beside the replicas.
type terraformClient struct {
	t      *testing.T
	w      *world
	client *secrets.Client
	// versions and values are what it wrote last.
	versions map[secrets.Address]int
	values   map[secrets.Address]string
}

func newTerraform(t *testing.T, w *world) *terraformClient {
	t.Helper()
	client, err := vaultclient.Connect(
		vaultclient.Settings{Address: w.vault.Address, Token: w.vault.Writer(t)},
		secrets.Config{Owner: "terraform/shop", Settle: w.cfg.Vault.Settle})
	if err != nil {
		t.Fatal(err)
	}
	return &terraformClient{t: t, w: w, client: client, versions: map[secrets.Address]int{}, values: map[secrets.Address]string{}}
}

// writeUntil changes its secrets, and tries now and then to take one of the
// replicas', which it must not get.
func (c *terraformClient) writeUntil(stop <-chan struct{}) {
	for i := 1; ; i++ {
		for n := range c.w.cfg.Sources[0].Workflows {
			select {
			case <-stop:
				return
			default:
			}
			scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: c.w.workflow(n)}
			own := scope.Secret("terraform_secret")
			if err := c.put(own, fmt.Sprint("terraform ", i)); err != nil {
				c.t.Errorf("terraform: %v", err)
			}
			if err := c.put(scope.Secret("secret_0"), "grabbed"); !errors.Is(err, secrets.ErrNotOwner) {
				c.t.Errorf("terraform took a secret of the replicas: %v", err)
				return
			}
		}
	}
}

func (c *terraformClient) put(a secrets.Address, value string) error {
	entry, err := c.client.Describe(c.t.Context(), a)
	if err != nil {
		return err
	}
	wrote, err := c.client.Put(c.t.Context(), secrets.Write{Address: a, Value: secrets.NewValue(value), Observed: entry})
	if err == nil {
		if wrote.Version != c.versions[a]+1 {
			c.t.Errorf("%s went from version %d to %d", a, c.versions[a], wrote.Version)
		}
		c.versions[a], c.values[a] = wrote.Version, value
	}
	return err
}

func (c *terraformClient) wantAllItsOwn() {
	c.t.Helper()
	for a, version := range c.versions {
		entry, err := c.client.Describe(c.t.Context(), a)
		if err != nil || entry.Current != version || secrets.Judge(c.client.Owner(), entry, nil).State != secrets.InSync {
			c.t.Errorf("%s: version %d, want %d: %s, %v", a, entry.Current, version, secrets.Judge(c.client.Owner(), entry, nil), err)
		}
		c.w.wantRead(a.Group, a.Name, c.values[a])
	}
	if len(c.versions) == 0 {
		c.t.Error("terraform wrote nothing")
	}
}
