// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestVaultSetBackIsRepaired restores Vault from a snapshot, while records, git and Terraform's state are
// newer: each changed secrets since then, added one and deleted one. Each program shows it, and the
// steps of the guide "Operating relay-sync" bring everything back.
func TestVaultSetBackIsRepaired(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newScene(t, cli, outage{raft: true, drift: "5s"})
		s.begins()
		snapshot := filepath.Join(t.TempDir(), "vault.snap")
		s.vaultCommand("operator", "raft", "snapshot", "save", snapshot)

		now := append(names()[1:], "added")
		s.daemon.commit(2, now)
		s.apply.commit(2, now)
		s.terraform.configure(2, now)
		s.apply.applies()
		s.terraform.Apply(t)
		s.daemon.converges()
		if status, text := s.page.add("later"); status != http.StatusOK {
			t.Fatalf("the page: %d %s", status, text)
		}
		s.vaultCommand("operator", "raft", "snapshot", "restore", snapshot)

		s.showsThatVaultIsSetBack()
		if !await.Until(time.Minute, func() bool { return s.has(s.daemon.workflow, 2, now) }) {
			t.Errorf("the daemon repairs nothing: %+v", s.daemon.status())
		}
		s.apply.applies()
		s.terraform.applies()
		s.deletesWhatTerraformHadDeleted()
		if status, text := s.page.add("later"); status != http.StatusOK || !strings.Contains(text, "Added later") {
			t.Errorf("the page: %d %s", status, text)
		}
		for _, workflow := range []string{s.daemon.workflow, s.apply.workflow, s.terraform.workflow} {
			if !s.has(workflow, 2, now) {
				t.Errorf("%s is not as in git and in the configuration", workflow)
			}
			for _, name := range now {
				if versions, want := s.versions(workflow, name), map[bool]int{true: 1, false: 2}[name == "added"]; versions != want {
					t.Errorf("%s/%s has %d versions, want %d", workflow, name, versions, want)
				}
			}
		}
		if got, _ := s.vault.ReadAs(t, s.vault.RootToken, s.daemon.workflow, "foreign"); got != "untouched" {
			t.Errorf("the foreign secret reads %q", got)
		}
		s.proxy.AssertBlind(t)
		s.proxy.AssertCheckAndSet(t)
	})
}

// vaultCommand runs a command of Vault's program with the root token.
func (s *scene) vaultCommand(args ...string) {
	s.t.Helper()
	if err := (vaulttest.CLI{Address: s.vault.Address, Token: s.vault.RootToken, Out: s.t.Output()}).Run(args); err != nil {
		s.t.Fatalf("vault %q: %v", args, err)
	}
}

// showsThatVaultIsSetBack looks at the plans and at the page, before anything is repaired.
func (s *scene) showsThatVaultIsSetBack() {
	s.t.Helper()
	out, err := s.apply.command("plan").CombinedOutput()
	if exit, is := err.(*exec.ExitError); !is || exit.ExitCode() != 2 { //nolint:errorlint // of Wait
		s.t.Errorf("relay-sync plan: %v\n%s", err, out)
	}
	for _, want := range []string{"- s0", "~ s1", "+ added"} {
		if !strings.Contains(string(out), want) {
			s.t.Errorf("relay-sync plan does not show %q:\n%s", want, out)
		}
	}
	if out, err := s.apply.command("verify").CombinedOutput(); err != nil {
		s.t.Errorf("relay-sync verify: %v\n%s", err, out)
	}
	plan := s.terraform.Plan(s.t)
	terraformtest.Result{Output: plan.Output}.Contains(s.t, "restored: version 1, last written 2", "purged")
	status, text := s.page.load("/workflows/"+s.page.workflow, nil)
	if status != http.StatusOK || !strings.Contains(text, "before") || strings.Contains(text, "later") {
		s.t.Errorf("the page: %d %s", status, text)
	}
}

// has reports whether exactly these secrets have a value, that of the generation, beside the foreign one.
func (s *scene) has(workflow string, generation int, names []string) bool {
	s.t.Helper()
	for _, name := range names {
		if got, _ := s.vault.ReadAs(s.t, s.vault.RootToken, workflow, name); got != fmt.Sprint(generation) {
			return false
		}
	}
	_, live := s.vault.ReadAs(s.t, s.vault.RootToken, workflow, "s0")
	return !live
}

// deletesWhatTerraformHadDeleted follows the guide: no state knows the secret any more.
func (s *scene) deletesWhatTerraformHadDeleted() {
	s.t.Helper()
	by := func(args ...string) string {
		cmd := exec.CommandContext(s.t.Context(), tools.Path(s.t, "relay-sync"), append([]string{"secret"}, args...)...)
		token, _ := s.vault.Person(s.t, s.operator(s.terraform.workflow))
		cmd.Env = []string{"VAULT_ADDR=" + s.proxy.Address, "VAULT_TOKEN=" + token, "HOME=" + s.t.TempDir()}
		out, err := cmd.CombinedOutput()
		if err != nil {
			s.t.Errorf("relay-sync secret %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if list := by("list", s.terraform.workflow); !strings.Contains(list, "s0 ") || !strings.Contains(list, "terraform/shop") {
		s.t.Errorf("the list:\n%s", list)
	}
	by("delete", s.terraform.workflow, "s0", "--adopt", "--reason", "restored from a snapshot")
	s.terraform.NoChanges(s.t)
}
