// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// relayStep prepares relay-step with this environment alone, and its output.
func relayStep(t *testing.T, environment []string, args ...string) (command *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	command = exec.CommandContext(t.Context(), "relay-step", args...)
	command.Dir = t.TempDir()
	// Under the race detector each command would otherwise wait a second at its end.
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}, environment...)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	command.Stdout, command.Stderr = stdout, stderr
	return command, stdout, stderr
}

func fileWith(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gitHubServer gives out the ID token as GitHub does.
func gitHubServer(t *testing.T, token string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer request-credential" || r.URL.Query().Get("audience") != "relay" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"count": 1, "value": token})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/idtoken?api-version=2.0"
}

func TestEachLoginReadsAndRevokesItsToken(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t) // auth/jwt trusts one identity provider
	workflow, canary := vaulttest.Workflow(t), vaulttest.Canary(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/one", canary)
	roleID, secretID := v.AppRole(t, "step", "1h")
	idToken := v.JWT(t, "step")
	v.WritePolicy(t, "step", `path "customers/data/workflows/`+workflow+`/*" { capabilities = ["read"] }`)
	v.Call(t, v.RootToken, http.MethodPost, "auth/approle/role/step", map[string]any{"token_policies": "step"})
	v.Call(t, v.RootToken, http.MethodPost, "auth/jwt/role/step", map[string]any{
		"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{"relay"}, "token_policies": "step",
	})
	token := v.Reader(t, workflow)
	tests := map[string]struct {
		environment, args []string
		logins            int
	}{
		"token": {environment: []string{"VAULT_TOKEN=" + token}},
		"token file": {
			environment: []string{"VAULT_TOKEN=hvs.other"}, args: []string{"--token-file", fileWith(t, token)},
		},
		"approle, file": {args: []string{"--login", "approle", "--role-id", roleID, "--secret-id-file", fileWith(t, secretID)}, logins: 1},
		"approle, variable": {
			environment: []string{"SECRET_ID=" + secretID},
			args:        []string{"--login", "approle", "--role-id", roleID, "--secret-id-env", "SECRET_ID"}, logins: 1,
		},
		"jwt, file": {args: []string{"--login", "jwt", "--role", "step", "--jwt-file", fileWith(t, idToken)}, logins: 1},
		"jwt, variable of GitLab": {
			environment: []string{"GITLAB_CI=true", "VAULT_ID_TOKEN=" + idToken},
			args:        []string{"--login", "jwt", "--role", "step", "--jwt-env", "VAULT_ID_TOKEN"}, logins: 1,
		},
		"github": {
			environment: []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + gitHubServer(t, idToken), "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-credential"},
			args:        []string{"--login", "github", "--role", "step", "--audience", "relay"}, logins: 1,
		},
		// A jwt mount asks for the same fields as Vault's kubernetes method.
		"kubernetes": {args: []string{"--login", "kubernetes", "--auth-mount", "jwt", "--role", "step", "--jwt-file", fileWith(t, idToken)}, logins: 1},
	}
	for name, test := range tests {
		for _, args := range [][]string{execOne(workflow), runOne(t, workflow)} {
			t.Run(args[0]+" "+name, func(t *testing.T) {
				t.Parallel()
				proxy := vaulttest.NewProxy(t, v.Address)
				args := append(slices.Clone(args), test.args...)
				shown, stdout, stderr := relayStep(t, append(test.environment, "VAULT_ADDR="+proxy.Address), append(args, "--", "show", "ONE")...)
				if err := shown.Run(); err != nil || stdout.String() != canary || stderr.Len() > 0 {
					t.Fatalf("got %q, %q, %v", stdout, stderr, err)
				}
				logins, revoked := count(t, proxy)
				if logins != test.logins || revoked != test.logins {
					t.Errorf("%d logins and %d revocations, want %d", logins, revoked, test.logins)
				}
				listed, stdout, _ := relayStep(t, append(test.environment, "VAULT_ADDR="+proxy.Address), append(args, "--", "show")...)
				if err := listed.Run(); err != nil {
					t.Fatal(err)
				}
				for _, credential := range []string{"VAULT_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SECRET_ID", "VAULT_ID_TOKEN"} {
					if strings.Contains("\n"+stdout.String(), "\n"+credential+"\n") {
						t.Errorf("the command has %s", credential)
					}
				}
			})
		}
	}
}

// count returns how many logins and revocations were sent, beside reads.
func count(t *testing.T, proxy *vaulttest.Proxy) (logins, revoked int) {
	for _, r := range proxy.Requests() {
		if !readsOnly(r) {
			t.Errorf("relay-step sent %s %s", r.Method, r.Path)
		}
		if strings.HasSuffix(r.Path, "/login") {
			logins++
		}
		if strings.HasSuffix(r.Path, "/revoke-self") {
			revoked++
		}
	}
	return logins, revoked
}

// execOne and runOne are the two commands that give the variable ONE to a step.
func execOne(workflow string) []string {
	return []string{"exec", "--workflow", workflow, "--env", "ONE=one"}
}

func runOne(t *testing.T, workflow string) []string {
	file := fileWith(t, "steps:\n- name: s\n  env: {ONE: \"${secrets.one}\"}\n")
	return []string{"run", "--workflow", workflow, "--workflow-file", file, "--step", "s"}
}

func TestARefusedLoginIsAnErrorWithoutTheCredential(t *testing.T) {
	t.Parallel()
	v, canary := vaulttest.StartOwn(t), vaulttest.Canary(t)
	v.JWT(t, "step")
	for _, args := range [][]string{
		{"--login", "approle", "--role-id", "r", "--secret-id-file", fileWith(t, canary)},
		{"--login", "jwt", "--role", "step", "--jwt-file", fileWith(t, canary)},
		{"--token-file", fileWith(t, canary)},
	} {
		refused, stdout, stderr := relayStep(t, nil, append(append([]string{"exec", "--workflow", "w", "--address", v.Address, "--env", "A=a"}, args...), "--", "show")...)
		if err := refused.Run(); err == nil || refused.ProcessState.ExitCode() != 125 {
			t.Errorf("%v: %v", args, err)
		}
		if !strings.Contains(stderr.String(), "authentication failed") && !strings.Contains(stderr.String(), "permission denied") {
			t.Errorf("%v: %s", args, stderr)
		}
		vaulttest.AssertNoCanary(t, canary, map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes()})
	}
}
