// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"strings"
)

var (
	//go:embed files/relay-sync.yaml
	syncConfig string
	//go:embed files/secrets.yaml
	plainManifest string
)

// author is who commits: git wants to know, and nobody's settings are read.
var author = map[string]string{
	"GIT_CONFIG_NOSYSTEM": "1",
	"GIT_AUTHOR_NAME":     "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
	"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
}

// git is a git command on the demo's repository.
func git(args ...string) command {
	return command{args: append([]string{"git", "-C", repository}, args...), env: author}
}

// relaySync is relay-sync plan or apply.
func relaySync(verb string, code int, says ...string) command {
	return command{args: []string{"relay-sync", verb}, code: code, says: says}
}

// commitManifest makes a key and a repository with one encrypted file.
func commitManifest(ctx context.Context, w *world) error {
	w.say(`
relay-sync has an age key, and a repository holds a SOPS file. Its tree is the
address of each secret: workflow, then name.`)
	if err := w.run(ctx, command{args: []string{"age-keygen", "-o", "age.key"}, says: []string{"Public key: age1"}}); err != nil {
		return err
	}
	key, err := w.read("age.key")
	if err != nil {
		return err
	}
	_, recipient, _ := strings.Cut(key, "# public key: ")
	recipient, _, _ = strings.Cut(recipient, "\n")
	err = w.run(ctx, command{args: []string{"git", "init", "-q", "-b", "main", repository}, env: author})
	if err != nil {
		return err
	}
	if err := w.writeShown("shop/.sops.yaml", "creation_rules:\n  - age: "+recipient+"\n"); err != nil {
		return err
	}
	if err := w.writeShown(manifest, plainManifest); err != nil {
		return err
	}
	w.say(`
sops encrypts every value, and leaves the names readable in review. ("sops edit"
does it without a plain text on disk.)`)
	if err := w.run(ctx, command{args: []string{"sops", "encrypt", "--in-place", "secrets.yaml"}, dir: repository,
		shown: "(cd shop && sops encrypt --in-place secrets.yaml)"}); err != nil {
		return err
	}
	if err := w.showEncrypted(5); err != nil {
		return err
	}
	return w.commit(ctx, "Add secrets of deploy-production")
}

// writeShown writes a file and shows it.
func (w *world) writeShown(name, content string) error {
	if err := w.write(name, content); err != nil {
		return err
	}
	w.command("cat " + name)
	w.output(content)
	return nil
}

// showEncrypted shows the first lines of the manifest, which must hold no value.
func (w *world) showEncrypted(lines int) error {
	const width = 76
	content, err := w.read(manifest)
	if err != nil {
		return err
	}
	if err := w.checkBlind(manifest, content); err != nil {
		return err
	}
	if !strings.Contains(content, "ENC[AES256_GCM") {
		return fmt.Errorf("%s is not encrypted:\n%s", manifest, content)
	}
	w.command(fmt.Sprintf("head -n %d %s | cut -c 1-%d", lines, manifest, width))
	for _, line := range strings.SplitN(content, "\n", lines+1)[:lines] {
		w.output(line[:min(len(line), width)])
	}
	return nil
}

func (w *world) commit(ctx context.Context, message string) error {
	add := git("add", "-A")
	add.quiet = true
	if err := w.run(ctx, add); err != nil {
		return err
	}
	commit := git("commit", "-q", "-m", message)
	commit.shown = fmt.Sprintf("git -C %s add -A && git -C %s commit -q -m %q", repository, repository, message)
	return w.run(ctx, commit)
}

// applyCommit brings the manifest to Vault, twice.
func applyCommit(ctx context.Context, w *world) error {
	w.say(`
relay-sync reads the commit, decrypts in its own memory, and writes with the
blind token. One file tells it all it needs:`)
	if err := w.writeShown("relay-sync.yaml", strings.ReplaceAll(syncConfig, "VAULT_ADDR", w.vault.Address)); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("plan", 2, "+ registry_password", "3 to add.")); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("apply", 0, "written as version 1", "Applied: 3 added.")); err != nil {
		return err
	}
	w.say("The same commit again writes nothing.")
	if err := w.run(ctx, relaySync("apply", 0, "Applied: 3 unchanged.")); err != nil {
		return err
	}
	w.say("And the token that wrote the values cannot read them.")
	return w.denied(ctx, "$(cat writer.token)", w.writer, "registry_password", http.StatusForbidden)
}

// deleteLine removes a secret from the manifest and so from Vault.
func deleteLine(ctx context.Context, w *world) error {
	const gone = "old_api_token"
	w.say(`
Nobody needs old_api_token any more. What a commit of this source no longer
has, and what this source wrote itself, is deleted. The deletion is soft: an
administrator can undelete it.`)
	path := fmt.Sprintf(`["workflows"]["%s"]["%s"]`, workflow, gone)
	err := w.run(ctx, command{args: []string{"sops", "unset", "secrets.yaml", path}, dir: repository,
		env:   map[string]string{"SOPS_AGE_KEY_FILE": w.path("age.key")},
		shown: "(cd shop && SOPS_AGE_KEY_FILE=../age.key sops unset secrets.yaml '" + path + "')"})
	if err != nil {
		return err
	}
	if err := w.commit(ctx, "Retire old_api_token"); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("plan", 2, "- "+gone, "delete", "no file of this commit has it", "1 to delete, 2 unchanged.")); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("apply", 0, "1 deleted, 2 unchanged.")); err != nil {
		return err
	}
	return w.denied(ctx, "$STEP", w.reader, gone, http.StatusNotFound)
}
