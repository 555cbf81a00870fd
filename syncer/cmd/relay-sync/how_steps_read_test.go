// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// readerSections are the parts of the page with commands. make readers-check has more programs.
var readerSections = []string{"GitHub Actions", "GitLab", "Kubernetes", "AppRole", "relay-step", "Steps of a Relay workflow", "vault kv get", "consul-template"}

const (
	binaryValue = "\x00\xff\xfe keystore\n"
	// deployScript stands for the step: it shows what it was given.
	deployScript = `#!/bin/sh
printf '%s %s\n' "${REGISTRY_PASSWORD:-}" "${SIGNING_KEY:-}"
for name in "${VAULT_TOKEN:+token}" "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+request token}"; do test -z "$name" || echo "has a $name"; done
for file in secrets/*; do test ! -f "$file" || { basename "$file"; base64 -w 0 "$file"; echo; }; done
`
)

// cluster is a Kubernetes that issues and reviews tokens of service accounts.
type cluster struct {
	url, ca, reviewer string
	// token is one of the service account "deploy" or "other" in the namespace "prod" or "other".
	token func(namespace, account, audience string) string
}

// startCluster starts a stand-in for Kubernetes; make kubernetes-check has the real one here.
var startCluster = func(t *testing.T) cluster {
	k := vaulttest.StartKubernetes(t)
	return cluster{k.URL, k.CA, k.Reviewer, func(namespace, account, audience string) string { return k.Token(t, namespace, account, audience) }}
}

// reading is a Vault after "Vault from nothing", and what the readers of the page need.
type reading struct {
	*firstHour
	kubernetes cluster
	// password and key are the values of registry_password and signing_key.
	password, key string
}

func newReading(t *testing.T) *reading {
	t.Helper()
	r := &reading{firstHour: afterFirstHour(t), kubernetes: startCluster(t)}
	r.password, _ = r.vault.ReadAs(t, r.admin, "deploy-production", "registry_password")
	r.key, _ = r.vault.ReadAs(t, r.admin, "deploy-production", "signing_key")
	r.vault.Call(t, r.admin, http.MethodPost, "customers/data/workflows/deploy-production/keystore",
		map[string]any{"data": map[string]any{"value": "base64:" + base64.StdEncoding.EncodeToString([]byte(binaryValue))}})
	for name, content := range map[string]string{"kubernetes-ca.crt": r.kubernetes.ca, "reviewer.jwt": r.kubernetes.reviewer, "deploy.sh": deployScript} {
		r.write(name, content)
	}
	if err := os.Chmod(filepath.Join(r.dir, "deploy.sh"), 0o700); err != nil { //nolint:gosec // must be executable
		t.Fatal(err)
	}
	return r
}

// pasteReaders runs parts of the page in one shell, and returns their output.
func (r *reading) pasteReaders(sections []string) map[string]string {
	r.t.Helper()
	return r.sections(strings.ReplaceAll(r.script("how-steps-read", sections...), "https://kubernetes.example.com:6443", r.kubernetes.url))
}

// blocks returns the YAML documents in a part of the page.
func (r *reading) blocks(heading string) (documents []map[string]any) {
	r.t.Helper()
	part := ""
	for _, found := range codeBlock.FindAllStringSubmatch(read(r.t, "../../../docs/guides/how-steps-read.md"), -1) {
		if found[1] != "" {
			part = strings.TrimLeft(found[1], "# ")
		}
		if found[2] != "yaml" || heading != "" && part != heading {
			continue
		}
		for _, text := range strings.Split(found[3], "\n---\n") {
			var document map[string]any
			if err := yaml.UnmarshalStrict([]byte(text), &document); err != nil {
				r.t.Fatalf("%s: %v\n%s", part, err, text)
			}
			documents = append(documents, document)
		}
	}
	return documents
}

// under returns what is at a path of keys and indexes.
func under(t *testing.T, document any, path ...any) any {
	t.Helper()
	for _, key := range path {
		switch container := document.(type) {
		case map[string]any:
			document = container[key.(string)]
		case []any:
			document = container[key.(int)]
		}
	}
	if document == nil {
		t.Fatalf("%v: not found", path)
	}
	return document
}

// TestHowStepsRead pastes the page into a shell after those of "Vault from nothing".
func TestHowStepsRead(t *testing.T) {
	t.Parallel()
	r := newReading(t)
	parts := r.pasteReaders(readerSections)

	both := r.password + " " + r.key + "\n"
	files := "keystore\n" + base64.StdEncoding.EncodeToString([]byte(binaryValue)) + "\n"
	if got := parts["relay-step"]; !strings.HasPrefix(got, both+" \n") || !strings.Contains(got, files) || strings.Contains(got, "has a") {
		t.Errorf("relay-step: the steps got\n%s\nwant %q, and then a file %q", got, both, files)
	}
	spec := `{"value":"eu-central-1","unresolvable":{},"complete":true}`
	if got := parts["Steps of a Relay workflow"]; !strings.HasPrefix(got, both) || !strings.Contains(got, spec) || strings.Contains(got, "has a") {
		t.Errorf("a step of a Relay workflow got\n%s\nwant %q and %s", got, both, spec)
	}
	if got := parts["vault kv get"]; !strings.HasPrefix(got, r.password+" \n") {
		t.Errorf("vault kv get: the step got %q", got)
	}
	stored := "base64:" + base64.StdEncoding.EncodeToString([]byte(binaryValue))
	for name, want := range map[string]string{
		"signing_key": r.key, "keystore": binaryValue, "rendered/registry_password": r.password, "rendered/keystore": binaryValue,
		"secrets/registry_password": r.password, "secrets/signing_key": r.key, "secrets/keystore": stored,
	} {
		if got := read(t, filepath.Join(r.dir, name)); got != want {
			t.Errorf("the file %s has %q, want %q", name, got, want)
		}
	}
	t.Log("jobs")
	r.jobs(t, both)
	t.Log("logins")
	r.logins(t)
	t.Log("paths")
	r.paths(t)
}

// jobs runs the jobs of relay-step's YAML. The step of each gets both secrets.
func (r *reading) jobs(t *testing.T, want string) {
	documents := r.blocks("relay-step")
	idToken := r.github.Token(t, r.gitHubClaims())
	gitHub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") == "Bearer request-credential" && request.URL.Query().Get("audience") == "https://vault.example.com" {
			_ = json.NewEncoder(w).Encode(map[string]any{"value": idToken})
		}
	}))
	defer gitHub.Close()
	steps := under(t, documents[0], "jobs", "deploy", "steps").([]any)
	pod := under(t, documents[2], "spec", "template", "spec")
	r.write("kubernetes.jwt", r.kubernetes.token("prod", "deploy", "vault"))
	var words []string
	for _, word := range under(t, pod, "containers", 0, "command").([]any) {
		words = append(words, strings.ReplaceAll(word.(string), "/var/run/secrets/vault/token", "kubernetes.jwt"))
	}
	for name, script := range map[string]string{
		"GitHub": "export ACTIONS_ID_TOKEN_REQUEST_URL=" + gitHub.URL + "/?x=y ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-credential\n" +
			under(t, steps[len(steps)-1], "run").(string),
		"GitLab":     "export VAULT_ID_TOKEN=" + r.gitlab.Token(t, r.gitLabClaims()) + "\n" + under(t, documents[1], "deploy", "script", 0).(string),
		"Kubernetes": strings.Join(words, " "),
	} {
		if got := r.run("unset VAULT_TOKEN\n" + script); !strings.HasPrefix(got, want) || strings.Contains(got, "has a") {
			t.Errorf("%s: the step got\n%s\nwant %q", name, got, want)
		}
	}
}

func (r *reading) gitHubClaims() map[string]any {
	return map[string]any{
		"aud": "https://vault.example.com", "repository": "acme/shop", "ref": "refs/heads/main", "event_name": "push",
		"environment": "production", "sub": "repo:acme/shop:environment:production",
	}
}

func (r *reading) gitLabClaims() map[string]any {
	return map[string]any{
		"aud": "https://vault.example.com", "project_path": "acme/shop", "ref": "main", "ref_type": "branch", "ref_protected": "true",
		"environment": "production", "environment_protected": "true", "sub": "project_path:acme/shop:ref_type:branch:ref:main",
	}
}

// logins checks that each claim that the page binds is needed, and that a token only reads this workflow.
func (r *reading) logins(t *testing.T) {
	logIn := func(mount, token string) (status int, answer map[string]any) {
		return r.vault.Call(t, "", http.MethodPost, "auth/"+mount+"/login", map[string]any{"role": "deploy-production", "jwt": token})
	}
	for mount, ci := range map[string]struct {
		issuer *vaulttest.Issuer
		claims map[string]any
	}{"github": {r.github, r.gitHubClaims()}, "gitlab": {r.gitlab, r.gitLabClaims()}} {
		for name := range ci.claims {
			claims := maps.Clone(ci.claims)
			claims[name] = "other"
			if status, _ := logIn(mount, ci.issuer.Token(t, claims)); (status == http.StatusOK) != (name == "sub") {
				t.Errorf("%s: a job with another %s logs in with status %d", mount, name, status)
			}
		}
	}
	for _, other := range [][3]string{{"other", "deploy", "vault"}, {"prod", "other", "vault"}, {"prod", "deploy", "other"}} {
		if status, _ := logIn("kubernetes", r.kubernetes.token(other[0], other[1], other[2])); status == http.StatusOK {
			t.Errorf("%v logs in at Kubernetes", other)
		}
	}
	_, answer := logIn("kubernetes", r.kubernetes.token("prod", "deploy", "vault"))
	token, _ := under(t, answer, "auth", "client_token").(string)
	if kind := under(t, answer, "auth", "token_type"); kind != "batch" {
		t.Errorf("the token of a step is a %v token", kind)
	}
	for path, want := range map[string]int{
		"customers/data/workflows/deploy-production/signing_key": http.StatusOK, "customers/data/workflows/other/signing_key": http.StatusForbidden,
	} {
		if status, _ := r.vault.Call(t, token, http.MethodGet, path, nil); status != want {
			t.Errorf("a step reads %s with status %d", path, status)
		}
	}
}

var namedSecret = regexp.MustCompile(`workflows/deploy-production/([a-z_]+)`)

// paths checks that what the recipes name exists, also of programs that no test runs.
func (r *reading) paths(t *testing.T) {
	page := read(t, "../../../docs/guides/how-steps-read.md")
	token := strings.TrimSpace(r.run("vault write -field=token auth/approle/login role_id=@step.role-id secret_id=@step.secret-id"))
	named := map[string]bool{}
	for _, found := range namedSecret.FindAllStringSubmatch(page, -1) {
		named[found[1]] = true
	}
	settings := r.blocks("Concourse")[0]
	lookup := template.Must(template.New("").Parse(settings["CONCOURSE_VAULT_LOOKUP_TEMPLATES"].(string)))
	var path strings.Builder
	if err := lookup.Execute(&path, map[string]string{"Pipeline": "deploy-production", "Secret": "registry_password"}); err != nil {
		t.Fatal(err)
	}
	if got := settings["CONCOURSE_VAULT_PATH_PREFIX"].(string) + path.String(); got != "/customers/workflows/deploy-production/registry_password" {
		t.Errorf("Concourse reads %s", got)
	}
	for name := range named {
		if _, found := r.vault.ReadAs(t, token, "deploy-production", name); !found {
			t.Errorf("the page names %s, which a step cannot read", name)
		}
	}
	if len(named) != 3 || len(r.blocks("")) < 14 {
		t.Errorf("the page names %v in %d YAML documents", named, len(r.blocks("")))
	}
}
