// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// step is one chapter of the demo.
type step struct {
	title string
	run   func(ctx context.Context, w *world) error
}

func steps() []step {
	return []step{
		{"Two roles in Vault", prepareRoles},
		{"Secrets in git, encrypted", commitManifest},
		{"From the commit into Vault", applyCommit},
		{"From Terraform into Vault", applyTerraform},
		{"A step of the workflow reads the values", readAll},
		{"A person overwrites two secrets", overwriteByHand},
		{"Both plans show the drift, without reading a value", showDrift},
		{"Both sides repair the drift", repair},
		{"A commit removes a secret", deleteLine},
		{"An audit of the workflow", listAll},
	}
}

// The demo's secrets. files/secrets.yaml contains those from git, too.
var (
	fromGit = []secret{
		{"registry_password", "registry-wolf-otter-29"},
		{"slack_webhook", "https://hooks.example.com/T024/B7/plum"},
		{"old_api_token", "token-retired-19"},
	}
	fromTerraform = []secret{
		{"database_password", "database-lichen-anchor-71"},
		{"session_key", "session-quartz-heron-08"},
	}
	byHand = []secret{
		{"slack_webhook", "https://hooks.example.com/typed-by-hand"},
		{"database_password", "password-typed-by-hand"},
	}
)

type secret struct{ name, value string }

func (w *world) introduce() {
	w.values = nil
	for _, group := range [][]secret{fromGit, fromTerraform, byHand} {
		for _, s := range group {
			w.values = append(w.values, s.value)
		}
	}
	fmt.Fprintln(w.w, w.paint(bold, "Workflow secrets: written from Terraform or from git, never read back."))
	w.paragraph(fmt.Sprintf(`
The demo runs real programs and checks each step: a Vault, sops, git, relay-sync
and %s, in a temporary folder that is removed at the end. Each "$" line is a
command that you would type. (The demo sends the requests of the vault commands
itself, so you need no vault program. All values are invented and may be shown.)`, w.cliTitle()))
}

// prepareRoles starts Vault and creates a token for each side.
func prepareRoles(ctx context.Context, w *world) error {
	var err error
	w.command("devvault -prepare &   # a real Vault, in memory, with a mount for secrets")
	if w.vault, err = startVault(ctx, w); err != nil {
		return err
	}
	w.output("Vault listens at " + w.vault.Address)
	w.paragraph(`
Vault's policies enforce the rules. The writing side may create, overwrite and
delete secrets, and read their metadata. It has no "read" on values:`)
	if err := w.writePolicy(ctx, "writer"); err != nil {
		return err
	}
	w.paragraph(`
The steps of one workflow may read its secrets. They can change nothing:`)
	if err := w.writePolicy(ctx, "reader", "--workflow", workflow); err != nil {
		return err
	}
	w.paragraph("Each side gets its own token. $W is the path of the workflow's secrets.")
	w.command("vault token create -policy=writer -field=token > writer.token")
	writer, writerErr := w.vault.token(ctx, "writer")
	w.command("STEP=$(vault token create -policy=reader -field=token)")
	reader, readerErr := w.vault.token(ctx, "reader")
	w.command("W=" + shortPath)
	w.writer, w.reader = writer, reader
	return errors.Join(writerErr, readerErr, w.write("writer.token", writer))
}

// writePolicy lets relay-sync print the policy of a role, shows its rules, and writes
// them to Vault.
func (w *world) writePolicy(ctx context.Context, role string, args ...string) error {
	c := command{args: append([]string{"relay-sync", "policy", role}, args...), contains: []string{"path "}}
	file := role + ".hcl"
	w.command(c.typed() + " | tee " + file)
	rules, code, err := w.execute(ctx, c)
	if err != nil {
		return err
	}
	if err := w.judge(c, rules, code); err != nil {
		return err
	}
	for line := range strings.Lines(rules) {
		if strings.HasPrefix(line, "path") {
			w.output(strings.TrimSuffix(line, "\n"))
		}
	}
	w.command("vault policy write " + role + " " + file)
	_, err = w.vault.must(ctx, http.MethodPut, "sys/policies/acl/"+role, map[string]any{"policy": rules})
	return err
}

// readAll shows the values that a step reads.
func readAll(ctx context.Context, w *world) error {
	w.paragraph(`
The workflow's own token reads every value, from git and from Terraform.`)
	for _, s := range append(append([]secret{}, fromGit...), fromTerraform...) {
		if err := w.reads(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// reads shows a value as the workflow reads it and compares it.
func (w *world) reads(ctx context.Context, want secret) error {
	w.command("VAULT_TOKEN=$STEP vault kv get -field=value " + typedPath(want.name))
	status, answer, err := w.vault.call(ctx, w.reader, http.MethodGet, dataPath(want.name), nil)
	if err != nil {
		return err
	}
	if got := answer.Data.Data.Value; status != http.StatusOK || got != want.value {
		return fmt.Errorf("the workflow reads %[3]s as %[1]q (status %[2]d), expected %[4]q", got, status, want.name, want.value)
	}
	w.output(answer.Data.Data.Value)
	return nil
}

// denied shows that Vault returns no value to a token, with this status.
func (w *world) denied(ctx context.Context, who, token, name string, want int) error {
	w.command("VAULT_TOKEN=" + who + " vault kv get -field=value " + typedPath(name))
	status, answer, err := w.vault.call(ctx, token, http.MethodGet, dataPath(name), nil)
	if err != nil {
		return err
	}
	if status != want || answer.Data.Data.Value != "" {
		return fmt.Errorf("%s got %q with status %d from %s; expected status %d and no value",
			who, answer.Data.Data.Value, status, name, want)
	}
	result := "no value"
	if status == http.StatusForbidden {
		result = "permission denied"
	}
	w.output(fmt.Sprintf("%s (status %d)", result, status))
	return nil
}

// overwriteByHand overwrites one secret of each side with the administrator's token.
func overwriteByHand(ctx context.Context, w *world) error {
	w.paragraph(`
An administrator overwrites one secret of each side by hand.`)
	for _, s := range byHand {
		w.command("VAULT_TOKEN=$ROOT vault kv put " + typedPath(s.name) + " value=" + s.value)
		answer, err := w.vault.must(ctx, http.MethodPost, dataPath(s.name),
			map[string]any{"data": map[string]any{"value": s.value}})
		if err != nil {
			return err
		}
		if answer.Data.Version != 2 {
			return fmt.Errorf("Vault wrote %s as version %d, expected 2", s.name, answer.Data.Version)
		}
		w.output(fmt.Sprintf("version %d", answer.Data.Version))
	}
	return nil
}

// showDrift shows the plans of both sides.
func showDrift(ctx context.Context, w *world) error {
	w.paragraph(`
Vault's metadata has the number and the time of every version, and each owner
records its last write there. This is enough to detect the change, with the
writer's token.`)
	if err := w.run(ctx, relaySync("plan", 2, "~ slack_webhook", "overwritten: version 2 at", "last written 1", "1 to repair, 2 unchanged.")); err != nil {
		return err
	}
	return w.run(ctx, w.terraform(trimPlan, 2, []string{"plan", "-detailed-exitcode"},
		"relay_workflow_secret.database_password", "overwritten: version 2 at", `, last written 1" -> "in sync"`,
		"0 to add, 1 to change, 0 to destroy"))
}

// repair lets both sides write again and shows that nothing is left to do.
func repair(ctx context.Context, w *world) error {
	w.paragraph(`
Each side writes its own secret again, with check-and-set against the version
that its plan observed. A change in between would stop the write.`)
	if err := w.run(ctx, relaySync("apply", 0, "written as version 3", "1 repaired, 2 unchanged.")); err != nil {
		return err
	}
	if err := w.run(ctx, w.terraform(trimApply, 0, []string{"apply", "-auto-approve"}, "0 added, 1 changed, 0 destroyed")); err != nil {
		return err
	}
	for _, s := range []secret{fromGit[1], fromTerraform[0]} {
		if err := w.reads(ctx, s); err != nil {
			return err
		}
	}
	w.paragraph("Now neither side has anything to do.")
	if err := w.run(ctx, relaySync("plan", 0, "Nothing to do: 3 unchanged.")); err != nil {
		return err
	}
	return w.run(ctx, w.terraform(trimPlan, 0, []string{"plan", "-detailed-exitcode"}, "No changes."))
}

// shortPath is the path of the workflow's secrets for the vault command.
const shortPath = "customers/workflows/" + workflow

func typedPath(name string) string { return "$W/" + name }
