// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// BenchmarkStepStart is what each step waits for before its secrets are read.
func BenchmarkStepStart(b *testing.B) { programStart(b, "relay-step", "--version") }

// BenchmarkStepSecrets starts a command with 1,000 secrets, beside the bare reads.
func BenchmarkStepSecrets(b *testing.B) {
	const count = 1000
	program, v, workflow := tools.Path(b, "relay-step"), vaulttest.Start(b), vaulttest.Workflow(b)
	for i := range count {
		relaytest.WriteOld(b, v, fmt.Sprintf("workflows/%s/secret_%d", workflow, i), strconv.Itoa(i))
	}
	token := v.Reader(b, workflow)
	file := filepath.Join(b.TempDir(), "w.yaml")
	text := "steps:\n- name: s\n  spec:\n"
	for i := range count {
		text += fmt.Sprintf("    a%d: ${secrets.secret_%d}\n", i, i)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, args := range map[string][]string{"exec": {"exec", "--all"}, "run": {"run", "--workflow-file", file, "--step", "s"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				command := exec.CommandContext(b.Context(), program, append(args, "--workflow", workflow, "--", "true")...)
				command.Env = []string{"PATH=/usr/bin:/bin", "VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + token}
				if output, err := command.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, output)
				}
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			var work errgroup.Group
			work.SetLimit(kv.DefaultConcurrency)
			for i := range count {
				work.Go(func() error {
					if status, _ := v.Call(b, token, http.MethodGet, fmt.Sprintf("customers/data/workflows/%s/secret_%d", workflow, i), nil); status != http.StatusOK {
						return fmt.Errorf("status %d", status)
					}
					return nil
				})
			}
			if err := work.Wait(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
