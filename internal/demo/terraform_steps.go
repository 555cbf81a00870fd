// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

//go:embed files/main.tf
var stackConfig string

// providerVersion is the version in the demo's mirror.
const providerVersion = "0.1.0"

// cliSettings returns settings for output without colours and no network access.
func cliSettings() map[string]string {
	return map[string]string{
		"CHECKPOINT_DISABLE": "1",
		"TF_CLI_ARGS":        "-no-color",
		"TF_IN_AUTOMATION":   "1",
		"TF_INPUT":           "0",
	}
}

// terraform returns a command of Terraform or OpenTofu on the demo's configuration.
func (w *world) terraform(trim func(string) string, code int, args []string, contains ...string) command {
	env := cliSettings()
	maps.Copy(env, map[string]string{
		"TF_CLI_CONFIG_FILE": w.path("cli.tfrc"),
		"VAULT_ADDR":         w.vault.Address,
		"VAULT_TOKEN":        w.writer,
	})
	for _, s := range fromTerraform {
		env["TF_VAR_"+s.name] = s.value
	}
	return command{
		args: append([]string{w.cliName(), "-chdir=" + stack}, args...),
		env:  env, code: code, contains: contains, trim: trim,
	}
}

// offerProvider creates the mirror from which "init" installs the provider, so that it
// downloads nothing.
func (w *world) offerProvider() error {
	program, err := w.tools.find("terraform-provider-relay")
	if err != nil {
		return err
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		dir := w.path(filepath.Join("mirror", registry, "relay-secrets", "relay", providerVersion, platform))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create the provider's mirror: %w", err)
		}
		if err := os.Symlink(program, filepath.Join(dir, "terraform-provider-relay_v"+providerVersion)); err != nil {
			return fmt.Errorf("create the provider's mirror: %w", err)
		}
	}
	return w.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", w.path("mirror")))
}

// applyTerraform writes two secrets from a configuration.
func applyTerraform(ctx context.Context, w *world) error {
	if err := w.offerProvider(); err != nil {
		return err
	}
	w.paragraph(`
Terraform writes a secret by a resource with a write-only value. The value may
come from an ephemeral variable, as here, or from an ephemeral resource.`)
	if err := w.writeShown("stack/main.tf", stackConfig); err != nil {
		return err
	}
	w.command("export VAULT_ADDR=" + w.vault.Address + " VAULT_TOKEN=$(cat writer.token)")
	for _, s := range fromTerraform {
		w.command(fmt.Sprintf("export TF_VAR_%s=%s", s.name, s.value))
	}
	if err := w.run(ctx, w.terraform(trimInit, 0, []string{"init"}, "successfully initialized")); err != nil {
		return err
	}
	if err := w.run(ctx, w.terraform(trimApply, 0, []string{"apply", "-auto-approve"}, "2 added, 0 changed, 0 destroyed")); err != nil {
		return err
	}
	w.paragraph("The state contains the version that was written, but no value:")
	show := w.terraform(nil, 0, []string{"state", "show", "relay_workflow_secret.database_password"}, "in sync", "(write-only attribute)")
	if err := w.run(ctx, show); err != nil {
		return err
	}
	return w.searchState()
}

// searchState shows that the state contains the resources and no value.
func (w *world) searchState() error {
	content, err := w.read(state)
	if err != nil {
		return err
	}
	if !strings.Contains(content, `"database_password"`) {
		return fmt.Errorf("%s does not contain the resource:\n%s", state, content)
	}
	if err := w.checkBlind(state, content); err != nil {
		return err
	}
	w.command(`grep -e "$TF_VAR_database_password" -e "$TF_VAR_session_key" ` + state)
	w.remark("exit code 1: not found")
	return nil
}

// trimInit keeps the results of init.
func trimInit(output string) string {
	return keep(output, func(line string) bool {
		return strings.HasPrefix(line, "- Install") || strings.Contains(line, "successfully initialized")
	})
}

// trimApply keeps the results of apply.
func trimApply(output string) string {
	return keep(output, func(line string) bool {
		return strings.Contains(line, " complete after ") || strings.HasPrefix(line, "Apply complete!")
	})
}

// trimPlan keeps the planned actions, or the sentence that there are no changes.
func trimPlan(output string) string {
	if _, rest, found := strings.Cut(output, "will perform the following actions:\n"); found {
		return rest
	}
	return keep(output, func(line string) bool { return strings.HasPrefix(line, "No changes.") })
}

func keep(output string, wanted func(line string) bool) string {
	var kept strings.Builder
	for line := range strings.Lines(output) {
		if wanted(line) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
