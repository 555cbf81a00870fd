// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tidy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// TestFolderReadersWorkAgainAfterATidy: consul-template, also as a part of Vault Agent,
// renders no secret of a workflow that has a deleted one.
func TestFolderReadersWorkAgainAfterATidy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scope := w.root.In("deploy")
	w.put(w.owner, scope.Secret("live"), false)
	w.put(w.owner, scope.Secret("dead"), true)
	if text, err := w.render(); err == nil {
		t.Fatalf("with a deleted secret, consul-template renders %q: tidy would not be needed for it", text)
	}
	found, _ := w.find()
	_, marked := w.tidy.Mark(t.Context(), found)
	w.proxy.Skew(secrets.TidyPause)
	w.tidy.Remove(t.Context(), marked)
	if text, err := w.render(); err != nil || text != "live=a value\n" {
		t.Errorf("after the tidy, consul-template renders %q, %v", text, err)
	}
}

// render is what consul-template makes of the whole workflow.
func (w *world) render() (string, error) {
	w.Helper()
	folder := w.TempDir()
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")
	path := w.root.Mount + "/metadata/" + w.root.Prefix + "/deploy"
	template := `{{ range secrets "` + path + `" }}{{ . }}={{ with secret (printf "` + w.root.Mount + "/data/" + w.root.Prefix + `/deploy/%s" .) }}{{ .Data.data.value }}{{ end }}
{{ end }}`
	if err := os.WriteFile(in, []byte(template), 0o600); err != nil {
		w.Fatal(err)
	}
	run := exec.CommandContext(w.Context(), tools.Path(w, "consul-template"), "-once", "-template", in+":"+out,
		"-vault-addr", w.vault.Address, "-vault-token", w.vault.RootToken, "-vault-renew-token=false", "-vault-retry=false")
	run.Env = []string{"HOME=" + folder}
	if err := run.Run(); err != nil {
		return "", err
	}
	text, err := os.ReadFile(out) //nolint:gosec // a file of this test
	return string(text), err
}
