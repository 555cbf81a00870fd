// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// manifests is the number of files, with one secret each, of BenchmarkPublish.
const manifests = 100

// BenchmarkPublish applies 100 manifests of one secret each by relay-sync, beside `sops
// publish` of the same files: to nothing, and when nothing has changed. Each has a token
// with the rules that it needs: Vault takes twice as long for one as for the root token.
func BenchmarkPublish(b *testing.B) {
	p := newPublishing(b)
	took, used := map[string][]time.Duration{}, map[string][]time.Duration{}
	measure := func(step string, command func() *exec.Cmd) {
		cmd := command()
		begun := time.Now()
		if output, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", step, err, output)
		}
		took[step] = append(took[step], time.Since(begun))
		used[step] = append(used[step], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	for b.Loop() {
		p.clear(b)
		for _, state := range []string{"cold", "unchanged"} {
			measure(state+"-sops", p.sopsPublish)
			measure(state, p.apply)
		}
		p.published(b)
	}
	for step, times := range took {
		slices.Sort(times)
		slices.Sort(used[step])
		b.ReportMetric(median(times), step+"-ms")
		b.ReportMetric(median(used[step]), step+"-cpu-ms") // without Vault's
	}
	for _, state := range []string{"cold", "unchanged"} {
		b.ReportMetric(median(took[state])/median(took[state+"-sops"]), state+"-of-sops")
	}
}

func median(sorted []time.Duration) float64 {
	return float64(sorted[len(sorted)/2]) / float64(time.Millisecond)
}

// publishing is a repository of manifests, with the configurations of both programs.
type publishing struct {
	vault                  *vaulttest.Vault
	workflow, repo, config string
	sops, relaySync        string
	environment            []string
}

func newPublishing(b *testing.B) *publishing {
	b.Helper()
	p := &publishing{
		vault: vaulttest.Start(b), workflow: vaulttest.Workflow(b), repo: b.TempDir(),
		sops: tools.Path(b, "sops"), relaySync: tools.Path(b, "relay-sync"),
	}
	keys := b.TempDir()
	key, token := filepath.Join(keys, "age.key"), filepath.Join(keys, "token")
	p.config = filepath.Join(keys, "relay-sync.yaml")
	p.environment = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + keys, "SOPS_AGE_KEY_FILE=" + key,
		"VAULT_TOKEN=" + p.vault.Token(b, `path "customers/data/published/+/+" { capabilities = ["create", "update", "read"] }`),
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	p.run(b, tools.Path(b, "age-keygen"), "-o", key)
	recipient := strings.TrimSpace(p.run(b, tools.Path(b, "age-keygen"), "-y", key))
	write(b, token, p.vault.Writer(b))
	write(b, p.config, fmt.Sprintf(
		"controller: bench\nvault: {address: %q, token_file: %q}\nsources:\n- {name: shop, repository: %q, files: [\"secrets/*.yaml\"], workflows: [%s], age_keys: [%q]}\n",
		p.vault.Address, token, p.repo, p.workflow, key))
	write(b, filepath.Join(p.repo, ".sops.yaml"), fmt.Sprintf(
		"creation_rules:\n- age: %s\ndestination_rules:\n- {path_regex: secrets/, vault_path: published/%s, vault_kv_mount_name: customers, vault_kv_version: 2, vault_address: %q, omit_extensions: true}\n",
		recipient, p.workflow, p.vault.Address))
	if err := os.Mkdir(filepath.Join(p.repo, "secrets"), 0o700); err != nil {
		b.Fatal(err)
	}
	p.seal(b)
	p.run(b, "git", "init", "-q", "-b", "main")
	p.run(b, "git", "add", "-A")
	p.run(b, "git", "commit", "-q", "-m", "secrets")
	return p
}

// seal writes and encrypts the manifests.
func (p *publishing) seal(b *testing.B) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(4)
	for i := range manifests {
		file := filepath.Join("secrets", fmt.Sprintf("%03d.yaml", i))
		write(b, filepath.Join(p.repo, file), fmt.Sprintf("workflows:\n  %s:\n    secret_%03d: value-%03d\n", p.workflow, i, i))
		group.Go(func() error { return p.command(p.sops, "encrypt", "--in-place", file).Run() })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

func (p *publishing) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = p.repo, p.environment
	return cmd
}

func (p *publishing) run(b *testing.B, program string, args ...string) (output string) {
	b.Helper()
	out, err := p.command(program, args...).CombinedOutput()
	if err != nil {
		b.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

func (p *publishing) sopsPublish() *exec.Cmd {
	return p.command(p.sops, "publish", "--yes", "--recursive", "secrets")
}

func (p *publishing) apply() *exec.Cmd { return p.command(p.relaySync, "apply", "-c", p.config) }

// entries are the paths of what both programs write.
func (p *publishing) entries(operation string) (out []string) {
	for i := range manifests {
		out = append(out, fmt.Sprintf("customers/%s/workflows/%s/secret_%03d", operation, p.workflow, i),
			fmt.Sprintf("customers/%s/published/%s/%03d", operation, p.workflow, i))
	}
	return out
}

// clear removes what an earlier measurement wrote.
func (p *publishing) clear(b *testing.B) {
	b.Helper()
	for _, path := range p.entries("metadata") {
		p.vault.Call(b, p.vault.RootToken, http.MethodDelete, path, nil)
	}
}

// published asserts that both programs wrote each file once.
func (p *publishing) published(b *testing.B) {
	b.Helper()
	for _, path := range p.entries("metadata") {
		status, answer := p.vault.Call(b, p.vault.RootToken, http.MethodGet, path, nil)
		data, _ := answer["data"].(map[string]any)
		if version := fmt.Sprint(data["current_version"]); status != http.StatusOK || version != "1" {
			b.Fatalf("%s: status %d, version %s", path, status, version)
		}
	}
}
