// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// sopsFile is the file of the stack sops-file, and the key that opens it.
type sopsFile struct {
	t   *testing.T
	dir string
}

func newSOPSFile(t *testing.T, dir string, values map[string]string) sopsFile {
	t.Helper()
	f := sopsFile{t, dir}
	f.command("age-keygen", "-o", filepath.Join(dir, "age.key"))
	recipient := strings.TrimSpace(f.command("age-keygen", "-y", filepath.Join(dir, "age.key")))
	plain, err := json.Marshal(map[string]any{"secrets": values})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets.json"), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	f.command("sops", "encrypt", "--age", recipient, "--in-place", "secrets.json")
	return f
}

func (f sopsFile) command(name string, args ...string) string {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), tools.Path(f.t, name), args...)
	cmd.Dir = f.dir
	cmd.Env = []string{"SOPS_AGE_KEY_FILE=" + filepath.Join(f.dir, "age.key"), "HOME=" + f.dir}
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

// decrypted is what the example's command puts into TF_VAR_values.
func (f sopsFile) decrypted() string {
	f.t.Helper()
	return f.command("sops", "decrypt", "--extract", `["secrets"]`, "--output-type", "json", "secrets.json")
}

// sealed is the file's ciphertexts by name, as jq .secrets prints them.
func (f sopsFile) sealed() string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, "secrets.json"))
	if err != nil {
		f.t.Fatal(err)
	}
	var file struct {
		Secrets json.RawMessage `json:"secrets"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		f.t.Fatal(err)
	}
	return string(file.Secrets)
}

func stackSOPSFile(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault) {
	s := stack(t, cli, vault, "sops-file")
	values := map[string]string{}
	for i := range 50 {
		values[fmt.Sprintf("secret-%02d", i)] = vaulttest.Canary(t)
	}
	file := newSOPSFile(t, s.Dir, values)
	s.Setenv("TF_VAR_values", file.decrypted())
	s.Apply(t)
	for _, name := range []string{"secret-00", "secret-49"} {
		s.stepReads(t, "deploy-values", name, values[name])
	}
	if n := s.dataWrites(t); n != 50 {
		t.Errorf("%d values were sent, want 50", n)
	}

	t.Log("without values at hand a repair is an error, and writes nothing; a plan takes any text")
	vault.Write(t, "deploy-values", "secret-07", "by hand")
	s.Setenv("TF_VAR_values", "{}")
	s.Fails(t, []string{"apply", "-auto-approve"}, "Invalid index", `var.values[name]`)
	s.Setenv("TF_VAR_values", "")
	s.Fails(t, []string{"apply", "-auto-approve", "-input=false"}, "values")
	s.Setenv("TF_VAR_values", file.sealed())
	if plan := s.Run(t, "plan", "-detailed-exitcode"); plan.Code != 2 || !strings.Contains(plan.Output, "secret-07") {
		t.Errorf("exit code %d:\n%s", plan.Code, plan.Output)
	}
	s.stepReads(t, "deploy-values", "secret-07", "by hand")
	if n := s.dataWrites(t); n != 0 {
		t.Errorf("%d values were sent", n)
	}

	t.Log("only what drifted and what changed is sent")
	changed := vaulttest.Canary(t)
	file.command("sops", "set", "secrets.json", `["secrets"]["secret-01"]`, fmt.Sprintf("%q", changed))
	s.Setenv("TF_VAR_values", file.decrypted())
	s.Apply(t)
	s.stepReads(t, "deploy-values", "secret-07", values["secret-07"])
	s.stepReads(t, "deploy-values", "secret-01", changed)
	if n := s.dataWrites(t); n != 2 {
		t.Errorf("%d values were sent, want 2", n)
	}
	s.NoChanges(t)
	s.holdsNone(t, values["secret-00"], values["secret-07"], changed)
	s.Destroy(t)
}
