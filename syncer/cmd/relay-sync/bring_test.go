// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/base64"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestBringExistingSecrets runs the recipes on what people typed, and checks what a step
// reads before and after, and that no file has a value in clear.
func TestBringExistingSecrets(t *testing.T) {
	t.Parallel()
	h := newFirstHour(t)
	h.paste("vault-from-nothing", "The mount", "The policies", "Programs: AppRole", "The secret ids", "The check")
	password, typed, lines, env := vaulttest.Canary(t), vaulttest.Canary(t), vaulttest.Canary(t)+"\n  \"two\" \\n é\n", vaulttest.Canary(t)
	binary := "\x00\xff" + vaulttest.Canary(t)
	put := func(path string, fields map[string]any) {
		h.vault.Call(t, h.admin, "POST", path, map[string]any{"data": fields})
	}
	h.run("vault secrets enable -path=secret -version=2 kv")
	put("secret/data/shop/database", map[string]any{"username": "ci", "password": password, "port": 5000})
	put("customers/data/workflows/deploy-production/typed token", map[string]any{"value": typed})
	put("customers/data/workflows/deploy-production/certificate", map[string]any{"value": lines})
	put("customers/data/workflows/deploy-production/gone", map[string]any{"value": "deleted"})
	h.vault.SoftDelete(t, "deploy-production", "gone")
	h.write(".env", "# comment\n\nexport PLAIN="+env+"\nQUOTED=\"a = 'b' # c\"\r\n  # indented\r\nSINGLE='x'\nEMPTY=\n")
	h.run(`sed -i 's,^    files: .*,&\n    map: [{file: "binary/keystore"\, workflow: deploy-production\, secret: keystore}],' relay-sync.yaml`)

	page := h.script("bring-existing-secrets")
	// Such a value stops the recipe for a whole workflow, so it is typed after that.
	keystore := "base64:" + base64.StdEncoding.EncodeToString([]byte(binary))
	h.write("keystore", keystore)
	page = strings.Replace(page, "mkdir -p binary\n", "mkdir -p binary\nvault kv put -mount=customers workflows/deploy-production/keystore value=@../keystore\n", 1)
	page = strings.Replace(page, "  from_entries | {workflows: {\"deploy-production\": .}}' |", "  from_entries | {workflows: {\"deploy-production\": .}}' < ../.env |", 1)
	output := h.run(page)

	for name, want := range map[string]string{
		"database_username": "ci", "database_password": password, "database_port": "5000", "typed token": typed, "certificate": lines,
		"PLAIN": env, "QUOTED": "a = 'b' # c", "SINGLE": "x", "keystore": keystore,
	} {
		if got, found := h.vault.ReadAs(t, h.admin, "deploy-production", name); !found || got != want {
			t.Errorf("a step reads %q as %s, want %q", got, name, want)
		}
		if got := h.records(name); len(got) != 1 || got[0] != "relay.gitops/cluster-1/shop" {
			t.Errorf("%s has the records %v", name, got)
		}
	}
	for _, name := range []string{"gone", "EMPTY"} {
		if _, found := h.vault.ReadAs(t, h.admin, "deploy-production", name); found {
			t.Errorf("a step reads %s", name)
		}
	}
	files := map[string][]byte{"output": []byte(output)}
	err := fs.WalkDir(os.DirFS(h.dir), "shop", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(os.DirFS(h.dir), name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{password, typed, strings.TrimSpace(strings.Split(lines, "\n")[0]), env} {
		vaulttest.AssertNoCanary(t, canary, files)
	}
	if plan := h.run("relay-sync plan"); !strings.Contains(plan, "Nothing to do: 10 unchanged.") {
		t.Errorf("a plan still has changes:\n%s", plan)
	}
}
