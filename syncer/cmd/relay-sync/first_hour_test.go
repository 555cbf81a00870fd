// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// firstHour is a folder in which a person pastes the commands of pages, and an empty Vault.
type firstHour struct {
	t      *testing.T
	dir    string
	vault  *vaulttest.Vault
	admin  string // a token of an administrator
	roleID string // of Terraform
	github *vaulttest.Issuer
	gitlab *vaulttest.Issuer
}

// guidePrograms are programs in bin/ that pages run, by the name there. The package's own stand-in
// runs the commands of vault; make readers-check has the real one here.
var guidePrograms = map[string]string{
	"terraform": "tofu", "sops": "sops", "age-keygen": "age-keygen", "jq": "jq",
	"relay-step": "relay-step", "consul-template": "consul-template",
}

func newFirstHour(t *testing.T) *firstHour {
	t.Helper()
	v := vaulttest.StartEmpty(t)
	h := &firstHour{t, t.TempDir(), v, v.RootToken, "", vaulttest.StartIssuer(t), vaulttest.StartIssuer(t)}
	// Terraform finds the provider as README shows.
	h.write(".terraformrc", fmt.Sprintf("provider_installation {\n  dev_overrides { \"relay-secrets/relay\" = %q }\n  direct {}\n}\n",
		filepath.Dir(tools.Path(t, "terraform-provider-relay"))))
	for name, tool := range guidePrograms {
		if err := os.Symlink(tools.Path(t, tool), filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *firstHour) write(name, content string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

var (
	codeBlock = regexp.MustCompile("(?ms)^(#+ [^\n]*)$|^```(\\w+)\n(.*?)^```$")
	// settings are lines that a person replaces by own ones.
	settings = regexp.MustCompile(`(?m)^export VAULT_(ADDR|TOKEN)=.*\n`)
)

// paste runs all commands of a page in one shell, as a person who pastes one block after the
// other, and returns the output of each part: of all, or of those with these headings. A
// block of Terraform becomes main.tf.
func (h *firstHour) paste(page string, headings ...string) map[string]string {
	h.t.Helper()
	return h.sections(h.script(page, headings...))
}

// sections runs a script of script, and returns the output of each part.
func (h *firstHour) sections(script string) map[string]string {
	h.t.Helper()
	parts := map[string]string{}
	for _, part := range strings.Split(h.run(script), "<<")[1:] {
		heading, text, _ := strings.Cut(part, ">>\n")
		parts[heading] = text
	}
	return parts
}

// script returns the commands of a page.
func (h *firstHour) script(page string, headings ...string) string {
	h.t.Helper()
	script, heading := "", ""
	for _, found := range codeBlock.FindAllStringSubmatch(read(h.t, "../../../docs/guides/"+page+".md"), -1) {
		switch {
		case found[1] != "":
			heading = strings.TrimLeft(found[1], "# ")
			script += "echo '<<" + heading + ">>'\n"
		case len(headings) > 0 && !slices.Contains(headings, heading):
		case found[2] == "terraform":
			script += "cat > main.tf <<'END_OF_TERRAFORM'\n" + found[3] + "END_OF_TERRAFORM\n"
		case found[2] == "sh":
			script += settings.ReplaceAllString(found[3], "")
		}
	}
	return strings.NewReplacer("https://token.actions.githubusercontent.com", h.github.URL, "https://gitlab.com", h.gitlab.URL).Replace(script)
}

// run runs a script in the folder, with the token of an administrator.
func (h *firstHour) run(script string) string {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = h.dir
	for name, value := range map[string]string{
		"PATH": h.dir + ":" + os.Getenv("PATH"), "HOME": h.dir,
		"VAULT_ADDR": h.vault.Address, "VAULT_TOKEN": h.admin, "TF_CLI_CONFIG_FILE": filepath.Join(h.dir, ".terraformrc"),
		"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
		"SOPS_AGE_KEY_FILE": filepath.Join(h.dir, "shop.age"), "TF_VAR_role_id": h.roleID, "TF_VAR_signing_key": "unused",
	} {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// jwtLogin returns the status of a login of a CI job.
func (h *firstHour) jwtLogin(mount string, issuer *vaulttest.Issuer, claims map[string]any) int {
	h.t.Helper()
	status, _ := h.vault.Call(h.t, "", http.MethodPost, "auth/"+mount+"/login",
		map[string]any{"role": "shop-terraform", "jwt": issuer.Token(h.t, claims)})
	return status
}

// TestVaultFromNothing pastes the page into a shell with an empty Vault.
func TestVaultFromNothing(t *testing.T) {
	t.Parallel()
	h := newFirstHour(t)
	root := h.vault.RootToken
	parts := h.paste("vault-from-nothing")

	for _, heading := range []string{"The check", "A secret id is replaced"} {
		_, doctor, _ := strings.Cut(parts[heading], "ok ")
		if !strings.Contains(doctor, "complete, and not wider than needed") || regexp.MustCompile(`(?m)^(warning|failed|skipped) `).MatchString(parts[heading]) {
			t.Errorf("%s: relay-sync doctor is not content:\n%s", heading, parts[heading])
		}
	}
	for heading, want := range map[string]string{
		"People":                          "webhook_token",
		"The first secret from git":       "Applied: 1 added.",
		"The first secret from Terraform": "1 added, 0 changed, 0 destroyed",
	} {
		if !strings.Contains(parts[heading], want) {
			t.Errorf("%s: the output does not have %q:\n%s", heading, want, parts[heading])
		}
	}
	if values := parts["A step reads"]; !regexp.MustCompile(`^[A-Za-z0-9+/]{64}$`).MatchString(values) {
		t.Errorf("a step reads %q, want two values of 32 characters", values)
	}
	if status, _ := h.vault.Call(t, root, http.MethodGet, "auth/token/lookup-self", nil); status != http.StatusForbidden {
		t.Errorf("the root token is still valid: status %d", status)
	}

	t.Log("logins of CI jobs")
	with := func(name string, value any) map[string]any {
		claims := map[string]any{
			"aud": "https://vault.example.com", "repository": "acme/shop", "ref": "refs/heads/main", "event_name": "push", "sub": "repo:acme/shop",
		}
		claims[name] = value
		return claims
	}
	for name, value := range map[string]any{
		"sub": "any", "aud": "https://other.example.com", "repository": "acme/other", "ref": "refs/heads/other", "event_name": "pull_request_target",
	} {
		if status := h.jwtLogin("github", h.github, with(name, value)); (status == http.StatusOK) != (name == "sub") {
			t.Errorf("a GitHub job with another %s logs in with status %d", name, status)
		}
	}
	for name, value := range map[string]any{
		"sub": "any", "aud": "https://other.example.com", "project_path": "acme/other", "ref": "other", "ref_type": "tag", "ref_protected": "false",
	} {
		claims := map[string]any{
			"aud": "https://vault.example.com", "project_path": "acme/shop", "ref": "main", "ref_type": "branch", "ref_protected": "true", "sub": "p",
		}
		claims[name] = value
		if status := h.jwtLogin("gitlab", h.gitlab, claims); (status == http.StatusOK) != (name == "sub") {
			t.Errorf("a GitLab job with another %s logs in with status %d", name, status)
		}
	}

	t.Log("tokens")
	periodic := strings.TrimSpace(read(t, filepath.Join(h.dir, "vault-token")))
	_, answer := h.vault.Call(t, periodic, http.MethodGet, "auth/token/lookup-self", nil)
	if data, _ := answer["data"].(map[string]any); fmt.Sprint(data["period"], data["orphan"]) != "86400 true" {
		t.Errorf("the periodic token: %v", data)
	}
}
