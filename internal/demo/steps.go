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
	play  func(ctx context.Context, w *world) error
}

func steps() []step {
	return []step{
		{"Two roles in Vault", prepareRoles},
		{"Secrets in git, encrypted", commitManifest},
		{"From the commit into Vault", applyCommit},
		{"From Terraform into Vault", applyTerraform},
		{"A step of the workflow reads them", readAll},
		{"Somebody writes behind our back", meddle},
		{"Both plans say so, and neither read a value", showDrift},
		{"Put right again", heal},
		{"A line leaves the manifest", deleteLine},
		{"What exists", listAll},
	}
}

// The demo's secrets. Those from git are in files/secrets.yaml too.
var (
	fromGit = []secret{
		{"registry_password", "registry-wolf-otter-29"},
		{"slack_webhook", "https://hooks.example.com/T024/B7/plum"},
		{"old_api_token", "token-nobody-needs-any-more"},
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
	w.say(fmt.Sprintf(`
What follows is real, and checked step by step: a Vault, sops, git, relay-sync
and %s, in a temporary folder that is removed at the end. Behind each "$"
stands what you would type. (There is no vault command here; the demo sends its
requests itself. All values are made up, so they may be shown.)`, w.cliTitle()))
}

func (s *screen) closing() {
	s.say(`
That is all. Every step was checked, and everything is removed again.
README.md shows how to set this up for workflows of your own.`)
}

// prepareRoles starts Vault and makes a token for each side.
func prepareRoles(ctx context.Context, w *world) error {
	var err error
	w.command("devvault -prepare &   # a real Vault, in memory, with a mount for secrets")
	if w.vault, err = startVault(ctx, w); err != nil {
		return err
	}
	w.output("Vault serves at " + w.vault.Address)
	w.say(`
Vault's policies carry the promise. The writing side may create, overwrite and
delete secrets, and see their versions; it has no "read" on a value:`)
	if err := w.writePolicy(ctx, "writer"); err != nil {
		return err
	}
	w.say(`
The steps of one workflow may read its secrets, and change nothing:`)
	if err := w.writePolicy(ctx, "reader", "--workflow", workflow); err != nil {
		return err
	}
	w.say("Each side gets a token of its own. $W is where the workflow's secrets live.")
	w.command("vault token create -policy=writer -field=token > writer.token")
	writer, writerErr := w.vault.token(ctx, "writer")
	w.command("STEP=$(vault token create -policy=reader -field=token)")
	reader, readerErr := w.vault.token(ctx, "reader")
	w.command("W=" + shortPath)
	w.writer, w.reader = writer, reader
	return errors.Join(writerErr, readerErr, w.write("writer.token", writer))
}

// writePolicy has relay-sync print the policy of a role, shows its rules, and gives
// it to Vault.
func (w *world) writePolicy(ctx context.Context, role string, args ...string) error {
	c := command{args: append([]string{"relay-sync", "policy", role}, args...), says: []string{"path "}}
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

// readAll shows what a step gets.
func readAll(ctx context.Context, w *world) error {
	w.say(`
The workflow's own token reads every value, wherever it came from.`)
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
		return fmt.Errorf("the workflow reads %q (status %d) as %s instead of %q", got, status, want.name, want.value)
	}
	w.output(answer.Data.Data.Value)
	return nil
}

// denied shows that a token gets no value, with this status.
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
	said := "no value"
	if status == http.StatusForbidden {
		said = "permission denied"
	}
	w.output(fmt.Sprintf("%s (status %d)", said, status))
	return nil
}

// meddle overwrites one secret of each kind with the administrator's token.
func meddle(ctx context.Context, w *world) error {
	w.say(`
An administrator, in a hurry, overwrites one secret of each kind by hand.`)
	for _, s := range byHand {
		w.command("VAULT_TOKEN=$ROOT vault kv put " + typedPath(s.name) + " value=" + s.value)
		answer, err := w.vault.must(ctx, http.MethodPost, dataPath(s.name),
			map[string]any{"data": map[string]any{"value": s.value}})
		if err != nil {
			return err
		}
		if answer.Data.Version != 2 {
			return fmt.Errorf("Vault wrote %s as version %d instead of 2", s.name, answer.Data.Version)
		}
		w.output(fmt.Sprintf("version %d", answer.Data.Version))
	}
	return nil
}

// showDrift has both sides find what was done.
func showDrift(ctx context.Context, w *world) error {
	w.say(`
Vault's metadata tells the number and the time of every version, and who wrote
what last is noted there. That is enough to see the change, and the writer's
token is all it takes.`)
	if err := w.run(ctx, relaySync("plan", 2, "~ slack_webhook", "overwritten: version 2 at", "last written 1", "1 to repair, 2 unchanged.")); err != nil {
		return err
	}
	return w.run(ctx, w.terraform(trimPlan, 2, []string{"plan", "-detailed-exitcode"},
		"relay_workflow_secret.database_password", "overwritten: version 2 at", `, last written 1" -> "in sync"`,
		"0 to add, 1 to change, 0 to destroy"))
}

// heal has both sides write again and find nothing more to do.
func heal(ctx context.Context, w *world) error {
	w.say(`
Each side writes its own secret again, with check-and-set against the very
version that its plan saw: a change in between would stop it.`)
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
	w.say("Now there is nothing to do on either side.")
	if err := w.run(ctx, relaySync("plan", 0, "Nothing to do: 3 unchanged.")); err != nil {
		return err
	}
	return w.run(ctx, w.terraform(trimPlan, 0, []string{"plan", "-detailed-exitcode"}, "No changes."))
}

// shortPath is where the secrets lie as the vault command names it.
const shortPath = "customers/workflows/" + workflow

func typedPath(name string) string { return "$W/" + name }
