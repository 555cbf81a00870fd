// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build readers

package readers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const certificate = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn+dNuaTAKBggqhkjOPQQDAjASMRAw
-----END CERTIFICATE-----
`

// values are what a reader may change.
var values = map[string]string{
	"plain": "registry-wolf-otter-29", "empty": "", "newline": "line\n", "spaces": "  a  ", "multi_line": "a\r\nb\n\n\tc", "unicode": "héllo 日本語 🦊",
	"bom": "\ufeffvalue", "json": `{"a":"<&>","b":[1]}`, "number": "0012", "boolean": "true", "null": "null", "template": "{{ .x }} ${a} $b %s",
	"reference": "ref+vault://customers/x#/value", "certificate": certificate, "long": strings.Repeat("0123456789", 10_000),
	"nul": "a\x00b", "invalid": "a\xff\xfeb", "prefixed": "base64:aGVsbG8=",
}

// encoded are the values that Vault has in the transfer encoding.
var encoded = []string{"nul", "invalid", "prefixed"}

// world is a workflow with all values, and a folder.
type world struct {
	*testing.T
	vault           *vaulttest.Vault
	workflow, token string
	dir             string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	v := vaulttest.Start(t)
	w := &world{t, v, vaulttest.Workflow(t), "", t.TempDir()}
	w.token = v.Reader(t, w.workflow)
	writer, err := vaultclient.Connect(vaultclient.Settings{Address: v.Address, Token: v.Writer(t)}, secrets.Config{Owner: "terraform/readers"})
	if err != nil {
		t.Fatal(err)
	}
	scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: w.workflow}
	for name, value := range values {
		if _, err := writer.Put(t.Context(), secrets.Write{Address: scope.Secret(name), Value: secrets.NewValue(value)}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// stored is the text of each value in Vault.
func (w *world) stored() map[string]string {
	w.Helper()
	found := map[string]string{}
	for name := range values {
		found[name], _ = w.vault.ReadAs(w, w.token, w.workflow, name)
	}
	return found
}

// path is where a reader finds a secret; api is "data/", or empty.
func (w *world) path(api, name string) string {
	return "customers/" + api + "workflows/" + w.workflow + "/" + name
}

// run runs a program in bin/ with the reader's token, and returns its output.
func (w *world) run(input, program string, args ...string) (string, error) {
	w.Helper()
	command := exec.CommandContext(w.Context(), tools.Path(w, program), args...)
	command.Dir = w.dir
	command.Env = []string{"HOME=" + w.dir, "PATH=/usr/bin:/bin", "VAULT_ADDR=" + w.vault.Address, "VAULT_TOKEN=" + w.token, "KUBECONFIG=" + filepath.Join(w.dir, "kubeconfig")}
	command.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, &stderr)
	}
	return stdout.String(), nil
}

// each reads every name by an own run.
func (w *world) each(program string, args func(name string) []string) map[string]string {
	w.Helper()
	found := map[string]string{}
	for name := range values {
		got, err := w.run("", program, args(name)...)
		if err != nil {
			w.Errorf("%s: %v", name, err)
		}
		found[name] = got
	}
	return found
}

func (w *world) write(name, content string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
}

// files are the contents of the files in a folder.
func (w *world) files(folder string) map[string]string {
	w.Helper()
	entries, err := os.ReadDir(filepath.Join(w.dir, folder))
	if err != nil {
		w.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(w.dir, folder, entry.Name()))
		if err != nil {
			w.Fatal(err)
		}
		found[entry.Name()] = string(content)
	}
	return found
}
