// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/provider"
)

var size = flag.Int("outage.secrets", 12, "how many secrets each program writes (make proof: 300)")

func TestMain(m *testing.M) {
	flag.Parse()
	terraformtest.Main(m, func() {
		if err := provider.Serve(context.Background(), provider.Options{Version: "test", Quiet: true}); err != nil {
			log.Fatal(err)
		}
	})
}

// each runs a test under every CLI of make proof, and otherwise under OpenTofu alone.
func each(t *testing.T, test func(t *testing.T, cli terraformtest.CLI)) {
	t.Helper()
	if *all {
		terraformtest.Each(t, test)
	} else {
		test(t, terraformtest.OpenTofu(t))
	}
}

// scene is one Vault behind a proxy, and the four programs that use it.
type scene struct {
	t         *testing.T
	vault     *vaulttest.Vault
	proxy     *vaulttest.Proxy
	storage   string // the folder of Vault's storage, or ""
	key       string // the file of the age key
	recipient string
	tokens    string // the file of the token of both relay-sync
	daemon    *daemon
	apply     *source
	terraform *terraform
	page      *page
}

func newScene(t *testing.T, cli terraformtest.CLI, o outage) *scene {
	t.Helper()
	args, storage := o.args, ""
	if o.raft {
		storage = t.TempDir()
		args = append(args, "-storage", "raft:"+storage, "-listen", porttest.Address(t))
	}
	v := vaulttest.StartOwn(t, args...)
	targets := v.Nodes
	if targets == nil {
		targets = []string{v.Address}
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &scene{
		t: t, vault: v, proxy: vaulttest.NewProxy(t, targets...), storage: storage, recipient: key.Recipient().String(),
		key: write(t, dir, "age.key", key.String()), tokens: write(t, dir, "token", v.Writer(t)),
	}
	login := fmt.Sprintf("token_file: %q", s.tokens)
	if o.lifetime != "" {
		roleID, secretID := v.AppRole(t, "outage", o.lifetime)
		login = fmt.Sprintf("login: {approle: {role_id: %q, secret_id_file: %q}}", roleID, write(t, dir, "secret-id", secretID))
	}
	s.daemon = s.newDaemon(login, o.drift)
	s.apply = s.newSource("apply", login, "", "10m")
	s.terraform = s.newTerraform(cli)
	s.page = s.newPage()
	return s
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// source is a repository, and the configuration of a relay-sync for it.
type source struct {
	s                      *scene
	repo, workflow, config string
}

func (s *scene) newSource(name, login, more, drift string) *source {
	s.t.Helper()
	o := &source{s: s, repo: s.t.TempDir(), workflow: vaulttest.Workflow(s.t) + "-" + name}
	o.run("git", "init", "-q", "-b", "main", o.repo)
	o.config = write(s.t, s.t.TempDir(), "relay-sync.yaml", fmt.Sprintf(
		"controller: %s\n%svault: {address: %q, %s, settle: 1s}\nsources:\n- {name: shop, repository: %q, files: [\"*.yaml\"], workflows: [%s], age_keys: [%q], drift_interval: %s}\n",
		strings.ToLower(o.workflow[len(o.workflow)-20:]), more, s.proxy.Address, login, o.repo, o.workflow, s.key, cmp.Or(drift, "10m")))
	return o
}

func (o *source) run(name string, args ...string) string {
	o.s.t.Helper()
	cmd := exec.CommandContext(o.s.t.Context(), name, args...)
	cmd.Dir = o.repo
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + o.repo, "SOPS_AGE_RECIPIENTS=" + o.s.recipient,
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.s.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// names are the secrets of each program.
func names() []string {
	out := make([]string, *size)
	for i := range out {
		out[i] = fmt.Sprintf("s%d", i)
	}
	return out
}

// commit commits manifests of the secrets, in which each value is the number of the generation.
func (o *source) commit(generation int, names []string) {
	o.s.t.Helper()
	var group sync.WaitGroup
	n := 0
	for part := range slices.Chunk(names, 100) {
		text := "workflows:\n  " + o.workflow + ":\n"
		for _, name := range part {
			text += fmt.Sprintf("    %s: \"%d\"\n", name, generation)
		}
		n++
		file := fmt.Sprintf("%d.yaml", n)
		write(o.s.t, o.repo, file, text)
		group.Go(func() { o.run(tools.Path(o.s.t, "sops"), "encrypt", "--in-place", file) })
	}
	group.Wait()
	o.run("git", "add", "-A")
	o.run("git", "commit", "-q", "-m", fmt.Sprint("generation ", generation))
}

// command is relay-sync with the configuration of the source.
func (o *source) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), tools.Path(o.s.t, "relay-sync"), append(args, "-c", o.config)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	return cmd
}

// applies runs relay-sync apply until it has nothing to report.
func (o *source) applies() {
	o.s.t.Helper()
	var out []byte
	if !await.Until(2*time.Minute, func() bool {
		var err error
		out, err = o.command("apply").CombinedOutput()
		return err == nil
	}) {
		o.s.t.Fatalf("relay-sync apply fails:\n%s", out)
	}
}

// terraform is a configuration with a set of secrets, and some one by one.
type terraform struct {
	*terraformtest.Workspace
	s        *scene
	workflow string
}

func (s *scene) newTerraform(cli terraformtest.CLI) *terraform {
	s.t.Helper()
	tf := &terraform{Workspace: cli.Workspace(s.t), s: s, workflow: vaulttest.Workflow(s.t) + "-terraform"}
	tf.Setenv("VAULT_ADDR", s.proxy.Address)
	tf.Setenv("VAULT_TOKEN", s.vault.Writer(s.t))
	return tf
}

// configure declares the secrets: a quarter of all one by one, and the others as a set.
func (tf *terraform) configure(generation int, declared []string) {
	tf.s.t.Helper()
	var alone, set []string
	for _, name := range declared {
		if slices.Contains(names()[:*size/4], name) {
			alone = append(alone, strconv.Quote(name))
		} else {
			set = append(set, strconv.Quote(name))
		}
	}
	tf.Write(tf.s.t, fmt.Sprintf(`
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
provider "relay" {
  owner  = "shop"
  settle = "1s"
}
resource "relay_workflow_secret" "one" {
  for_each         = toset([%[3]s])
  workflow         = %[1]q
  name             = each.key
  value_wo         = "%[2]d"
  value_wo_version = "%[2]d"
}
resource "relay_workflow_secrets" "set" {
  workflow = %[1]q
  secrets  = { for name in [%[4]s] : name => { value_wo = "%[2]d", value_wo_version = "%[2]d" } }
}
`, tf.workflow, generation, strings.Join(alone, ", "), strings.Join(set, ", ")))
}

// gate holds the writes of each program in the middle of its work until the outage has begun.
func (s *scene) gate() (reached func() bool, open func()) {
	begun := make(chan struct{})
	var mu sync.Mutex
	writes := map[string]int{}
	workflows := []string{s.daemon.workflow, s.apply.workflow, s.terraform.workflow}
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		for _, workflow := range workflows {
			if !strings.Contains(r.URL.Path, "/data/workflows/"+workflow+"/") {
				continue
			}
			mu.Lock()
			writes[workflow]++
			n := writes[workflow]
			mu.Unlock()
			if n > *size/3 {
				select {
				case <-begun:
				case <-r.Context().Done():
				}
			}
		}
		return vaulttest.Action{}
	})
	reached = func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, workflow := range workflows {
			if writes[workflow] <= *size/3 {
				return false
			}
		}
		return true
	}
	return reached, sync.OnceFunc(func() { close(begun) })
}
