// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

//go:embed files/web
var sampleFiles embed.FS

// person can log in to the sample.
type person struct {
	name string
	// role is a role of relay-sync policy with its flags, does is what it permits.
	role []string
	does string
}

const (
	// password is that of everybody in the sample.
	password  = "demo"
	colleague = "eve@example.com"
	domain    = "demo"
	// ofAPI is who uses the user API.
	ofAPI = "ben"
)

var people = []person{
	{"ada", []string{"viewer"}, "viewer"},
	{"ben", []string{"operator", "--team", "platform"}, "operator, and member of the team platform"},
	{"cleo", []string{"approver", "--controller", "demo"}, "approver: an operator who also approves plans"},
	{"dana", []string{"administrator"}, "administrator: also undeletes, and writes connections"},
}

// The secrets of the sample that Terraform and people write, beside fromTerraform.
var (
	ofPerson    = secret{"vpn_password", "vpn-sparrow-90"}
	overwritten = secret{"slack_webhook", "https://hooks.example.com/T024/B7/by-hand"}
)

func sample(name string) string {
	data, err := sampleFiles.ReadFile("files/web/" + name)
	if err != nil {
		panic("demo: " + err.Error()) // embedded
	}
	return string(data)
}

// policy writes the policy of a role to Vault.
func (w *world) policy(ctx context.Context, name string, role ...string) error {
	rules, code, err := w.execute(ctx, command{args: append([]string{"relay-sync", "policy"}, role...)})
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("relay-sync policy %s: exit code %d: %s", strings.Join(role, " "), code, rules)
	}
	_, err = w.vault.must(ctx, http.MethodPut, "sys/policies/acl/"+name, map[string]any{"policy": rules})
	return err
}

// prepareVault starts Vault, with a login for each person and a token for each program.
func prepareVault(ctx context.Context, w *world) (err error) {
	for _, s := range append([]secret{ofPerson, overwritten}, fromTerraform...) {
		w.values = append(w.values, s.value)
	}
	if w.vault, err = startVault(ctx, w); err != nil {
		return err
	}
	for _, p := range people {
		if err := w.policy(ctx, p.name, append(p.role, "--connections-domain", domain)...); err != nil {
			return err
		}
		if _, err := w.vault.must(ctx, http.MethodPost, "auth/userpass/users/"+p.name, map[string]any{"password": password, "token_policies": p.name}); err != nil {
			return err
		}
	}
	if err := w.policy(ctx, "terraform", "writer", "--settings"); err != nil {
		return err
	}
	if err := w.policy(ctx, "controller", "controller", "--controller", "demo", "--connections-domain", domain); err != nil {
		return err
	}
	if w.writer, err = w.vault.token(ctx, "terraform"); err != nil {
		return err
	}
	controller, err := w.vault.token(ctx, "controller")
	if err != nil {
		return err
	}
	return errors.Join(w.write("controller.token", controller), w.write("fingerprint.key", rand.Text()+rand.Text()+"\n"))
}

// offerOIDC starts an OpenID provider, and lets its people log in to Vault as operators.
func (w *world) offerOIDC(ctx context.Context, redirectURI string) error {
	const client = "vault"
	var provider struct {
		Issuer string `json:"issuer"`
	}
	if _, err := w.start(ctx, "the OpenID provider", []string{"oidc-provider"}, map[string]any{
		"client_id": client, "client_secret": password, "redirect_uris": []string{redirectURI},
		"people": []map[string]string{{"email": colleague, "password": password}},
	}, &provider); err != nil {
		return err
	}
	for _, call := range []struct {
		path string
		body map[string]any
	}{
		{"sys/auth/oidc", map[string]any{"type": "oidc"}},
		{"auth/oidc/config", map[string]any{
			"oidc_discovery_url": provider.Issuer, "oidc_client_id": client, "oidc_client_secret": password, "default_role": "page",
		}},
		{"auth/oidc/role/page", map[string]any{
			"role_type": "oidc", "user_claim": "email", "oidc_scopes": []string{"email"}, "token_policies": "ben",
			"allowed_redirect_uris": []string{redirectURI},
		}},
	} {
		if _, err := w.vault.must(ctx, http.MethodPost, call.path, call.body); err != nil {
			return err
		}
	}
	return nil
}

// applySources commits the repositories of both sources, and writes their secrets. Then a commit removes
// two secrets of billing, which waits for approval.
func (w *world) applySources(ctx context.Context, page string) error {
	config := strings.NewReplacer("VAULT_ADDR", w.vault.Address, "PAGE", page).Replace(sample("relay-sync.yaml"))
	if err := w.write("relay-sync.yaml", config); err != nil {
		return err
	}
	if err := w.run(ctx, command{args: []string{"age-keygen", "-o", "age.key"}}); err != nil {
		return err
	}
	for _, source := range []string{"shop", "billing"} {
		if err := w.run(ctx, command{args: []string{"git", "init", "-q", "-b", "main", source}, env: author}); err != nil {
			return err
		}
		if err := w.seal(ctx, source, sample(source+".yaml"), "Add the secrets of "+source); err != nil {
			return err
		}
	}
	for _, file := range []string{"shop/workflows/deploy-production.yaml", "shop/workflows/nightly-report.yaml", "billing/workflows/send-invoices.yaml"} {
		source, name, _ := strings.Cut(file, "/workflows/")
		if err := w.write(file, sample(name)); err != nil {
			return err
		}
		if err := w.commitIn(ctx, source, "Add the workflow "+strings.TrimSuffix(name, ".yaml")); err != nil {
			return err
		}
	}
	if err := w.run(ctx, relaySync("apply", 0)); err != nil {
		return err
	}
	first, _, _ := strings.Cut(sample("billing.yaml"), "    invoice_key")
	return w.seal(ctx, "billing", first, "Use the new bank only")
}

// seal encrypts the manifest of a source and commits it.
func (w *world) seal(ctx context.Context, source, manifest, message string) error {
	recipient, err := w.recipient()
	if err != nil {
		return err
	}
	if err := w.write(source+"/secrets.yaml", manifest); err != nil {
		return err
	}
	if err := w.run(ctx, command{args: []string{"sops", "encrypt", "--age", recipient, "--in-place", "secrets.yaml"}, dir: source}); err != nil {
		return err
	}
	return w.commitIn(ctx, source, message)
}

func (w *world) commitIn(ctx context.Context, source, message string) error {
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-q", "-m", message}} {
		if err := w.run(ctx, command{args: append([]string{"git", "-C", source}, args...), env: author}); err != nil {
			return err
		}
	}
	return nil
}

// applySampleStack writes two secrets from Terraform.
func applySampleStack(ctx context.Context, w *world) error {
	if err := w.offerProvider(); err != nil {
		return err
	}
	if err := w.write(stack+"/main.tf", sample("main.tf")); err != nil {
		return err
	}
	for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
		if err := w.run(ctx, w.terraform(nil, 0, args)); err != nil {
			return err
		}
	}
	return nil
}

// overwriteSample overwrites a secret of git as an administrator of Vault.
func overwriteSample(ctx context.Context, w *world) error {
	_, err := w.vault.must(ctx, http.MethodPost, dataPath(overwritten.name), map[string]any{"data": map[string]any{"value": overwritten.value}})
	return err
}

// addAsPerson adds a secret as ofAPI, at the user API of the page.
func (w *world) addAsPerson(ctx context.Context, page string) error {
	answer, err := w.vault.must(ctx, http.MethodPost, "auth/userpass/login/"+ofAPI, map[string]any{"password": password})
	if err != nil {
		return err
	}
	w.person = answer.Auth.Token
	body, err := json.Marshal(map[string]string{"name": ofPerson.name, "value": ofPerson.value})
	if err != nil {
		return fmt.Errorf("add a secret: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+page+"/api/workflows/"+workflow+"/secrets", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("add a secret: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+w.person)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("add a secret: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("add a secret: status %d", response.StatusCode)
	}
	return nil
}
