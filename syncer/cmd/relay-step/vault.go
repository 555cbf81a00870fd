// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// vaultFlags are where the secrets are, and how the job logs in.
type vaultFlags struct {
	workflow, mount, prefix   string
	address, namespace        string
	caCert                    string
	redirectHosts             []string
	allowHTTP                 bool
	method, authMount, role   string
	audience                  string
	jwtFile, jwtEnv           string
	roleID                    string
	secretIDFile, secretIDEnv string
	tokenFile                 string
}

func (f *vaultFlags) add(c *cobra.Command) {
	to := c.Flags()
	to.StringVar(&f.workflow, "workflow", "", "workflow whose secrets to read (required)")
	to.StringVar(&f.mount, "mount", secrets.DefaultMount, "KV version 2 mount")
	to.StringVar(&f.prefix, "prefix", secrets.DefaultPrefix, "path of the workflows below the mount")
	to.StringVar(&f.address, "address", "", "address of Vault (default: VAULT_ADDR)")
	to.StringVar(&f.namespace, "namespace", "", "namespace of Vault Enterprise or OpenBao (default: VAULT_NAMESPACE)")
	to.StringVar(&f.caCert, "ca-cert", "", "PEM file of the authorities of Vault's certificate (default: VAULT_CACERT)")
	to.StringSliceVar(&f.redirectHosts, "redirect-host", nil, "host to which a redirect of Vault is followed (repeatable)")
	to.BoolVar(&f.allowHTTP, "allow-http", false, "allow an address of another machine without TLS")
	to.StringVar(&f.method, "login", "token", "how to log in: "+strings.Join(methods, ", "))
	to.StringVar(&f.authMount, "auth-mount", "", "mount of the auth method (default: jwt, kubernetes or approle)")
	to.StringVar(&f.role, "role", "", "role of the login github, jwt or kubernetes")
	to.StringVar(&f.audience, "audience", "", "github: audience of the ID token (default: GitHub's own)")
	to.StringVar(&f.jwtFile, "jwt-file", "", "jwt, kubernetes: file with the token (kubernetes default: the service account's)")
	to.StringVar(&f.jwtEnv, "jwt-env", "", "jwt: variable with the token, such as one of id_tokens of GitLab")
	to.StringVar(&f.roleID, "role-id", "", "approle: role id")
	to.StringVar(&f.secretIDFile, "secret-id-file", "", "approle: file with the secret id")
	to.StringVar(&f.secretIDEnv, "secret-id-env", "", "approle: variable with the secret id")
	to.StringVar(&f.tokenFile, "token-file", "", "token: file with the token (default: VAULT_TOKEN)")
	if err := c.RegisterFlagCompletionFunc("login", cobra.FixedCompletions(methods, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("relay-step: " + err.Error()) // the flag is defined above
	}
}

// methods are the values of --login.
var methods = []string{"github", "jwt", "kubernetes", "approle", "token"}

// job is the job of the flags and the environment.
func (f *vaultFlags) job(e environment) (step.Job, error) {
	if f.workflow == "" {
		return step.Job{}, errors.New("--workflow is required")
	}
	if !slices.Contains(methods, f.method) {
		return step.Job{}, fmt.Errorf("invalid --login %q: must be one of %s", f.method, strings.Join(methods, ", "))
	}
	namespace := secrets.CanonicalNamespace(cmp.Or(f.namespace, e.get("VAULT_NAMESPACE")))
	job := step.Job{
		Scope: step.Scope{Namespace: namespace, Mount: f.mount, Prefix: f.prefix, Workflow: f.workflow},
		Vault: vaultclient.Settings{
			Address: cmp.Or(f.address, e.get("VAULT_ADDR")), Namespace: namespace, CACert: cmp.Or(f.caCert, e.get("VAULT_CACERT")),
			RedirectHosts: f.redirectHosts, RedirectSetting: "--redirect-host", AllowHTTP: f.allowHTTP, HTTPSetting: "--allow-http",
			UserAgent: "relay-step/" + build.Version,
		},
	}
	return job, f.logIn(e, &job)
}

// logIn sets the credentials of a job.
func (f *vaultFlags) logIn(e environment, job *step.Job) error {
	fromEnvironment := func(variable string) (string, error) {
		if value := e.get(variable); value != "" || variable == "" {
			return value, nil
		}
		return "", fmt.Errorf("the variable %s is not set or empty", variable)
	}
	var err error
	switch f.method {
	case "github":
		job.Vault.Login = &vaultclient.JWT{Mount: f.authMount, Role: f.role}
		job.GitHub = &step.GitHub{URL: e.get("ACTIONS_ID_TOKEN_REQUEST_URL"), Token: e.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), Audience: f.audience}
	case "jwt":
		login := &vaultclient.JWT{Mount: f.authMount, Role: f.role, TokenFile: f.jwtFile}
		login.Token, err = fromEnvironment(f.jwtEnv)
		job.Vault.Login = login
	case "kubernetes":
		job.Vault.Login = &vaultclient.Kubernetes{Mount: f.authMount, Role: f.role, TokenFile: f.jwtFile}
	case "approle":
		login := &vaultclient.AppRole{Mount: f.authMount, RoleID: f.roleID, SecretIDFile: f.secretIDFile}
		login.SecretID, err = fromEnvironment(f.secretIDEnv)
		job.Vault.Login = login
	default:
		job.Vault.TokenFile = f.tokenFile
		if f.tokenFile == "" {
			job.Vault.Token = e.get("VAULT_TOKEN")
		}
	}
	return err
}

// flags are the flags of settings, by the path of a problem.
var flags = map[string]string{
	"address": "--address or VAULT_ADDR", "ca_cert": "--ca-cert or VAULT_CACERT", "redirect_hosts[0]": "--redirect-host",
	"token": "--login or VAULT_TOKEN", "token_file": "--token-file", "login.jwt.token": "--jwt-env", "login.jwt.token_file": "--jwt-file or --jwt-env",
	"login.kubernetes.role": "--role", "login.kubernetes.token_file": "--jwt-file",
	"login.approle.role_id": "--role-id", "login.approle.secret_id": "--secret-id-env", "login.approle.secret_id_file": "--secret-id-file",
	"login.jwt.mount": "--auth-mount", "login.kubernetes.mount": "--auth-mount", "login.approle.mount": "--auth-mount",
}

// named is an error with flags in the place of settings.
func named(err error) error {
	invalid, is := errors.AsType[*problem.Error](err)
	if !is {
		return err
	}
	problems := slices.Clone(invalid.Problems)
	for i, p := range problems {
		problems[i].Path = cmp.Or(flags[p.Path], p.Path)
	}
	return problems.Err()
}
