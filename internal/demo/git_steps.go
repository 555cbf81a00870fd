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

// author is the author of commits. git requires one, and no user's settings are read.
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
func relaySync(verb string, code int, contains ...string) command {
	return command{args: []string{"relay-sync", verb}, code: code, contains: contains}
}

// commitManifest makes a key and a repository with one encrypted file.
func commitManifest(ctx context.Context, w *world) error {
	w.paragraph(`
relay-sync has an age key, and a repository contains a SOPS file. Its tree is the
address of each secret: workflow, then name.`)
	if err := w.run(ctx, command{args: []string{"age-keygen", "-o", "age.key"}, contains: []string{"Public key: age1"}}); err != nil {
		return err
	}
	recipient, err := w.recipient()
	if err != nil {
		return err
	}
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
	w.paragraph(`
sops encrypts every value and leaves the names readable for review. ("sops edit"
does the same without a plain text on disk.)`)
	if err := w.run(ctx, command{args: []string{"sops", "encrypt", "--in-place", "secrets.yaml"}, dir: repository,
		shown: "(cd shop && sops encrypt --in-place secrets.yaml)"}); err != nil {
		return err
	}
	if err := w.showEncrypted(5); err != nil {
		return err
	}
	return w.commit(ctx, "Add secrets of deploy-production")
}

// recipient is the public key of age.key.
func (w *world) recipient() (string, error) {
	key, err := w.read("age.key")
	_, recipient, _ := strings.Cut(key, "# public key: ")
	recipient, _, _ = strings.Cut(recipient, "\n")
	return recipient, err
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

// showEncrypted shows the first lines of the manifest, which must contain no value.
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

// applyCommit writes the manifest to Vault, twice.
func applyCommit(ctx context.Context, w *world) error {
	w.paragraph(`
relay-sync reads the commit, decrypts in memory, and writes with a token that
cannot read a value. Its configuration is one file:`)
	if err := w.writeShown("relay-sync.yaml", strings.ReplaceAll(syncConfig, "VAULT_ADDR", w.vault.Address)); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("plan", 2, "+ registry_password", "3 to add.")); err != nil {
		return err
	}
	if err := w.run(ctx, relaySync("apply", 0, "written as version 1", "Applied: 3 added.")); err != nil {
		return err
	}
	w.paragraph("A second apply of the same commit writes nothing.")
	if err := w.run(ctx, relaySync("apply", 0, "Applied: 3 unchanged.")); err != nil {
		return err
	}
	w.paragraph("The token that wrote the values cannot read them.")
	return w.denied(ctx, "$(cat writer.token)", w.writer, "registry_password", http.StatusForbidden)
}

// deleteLine removes a secret from the manifest, so that relay-sync prunes it.
func deleteLine(ctx context.Context, w *world) error {
	const gone = "old_api_token"
	w.paragraph(`
old_api_token is no longer in use. relay-sync deletes a secret that this source
wrote and that its commit no longer contains. The deletion is soft: an
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
