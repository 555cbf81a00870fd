// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Login is the login to Vault if there is no token file. Exactly one method is set.
// Credentials are in files only.
type Login struct {
	// AppRole logs in with a role id and a secret id.
	AppRole *AppRoleLogin `yaml:"approle"`
	// JWT logs in with the token of an identity provider.
	JWT *JWTLogin `yaml:"jwt"`
	// Kubernetes logs in with the service account of a pod.
	Kubernetes *KubernetesLogin `yaml:"kubernetes"`
	// Cert logs in with client_cert and client_key of the Vault settings.
	Cert *CertLogin `yaml:"cert"`
}

// AppRoleLogin is Vault's AppRole method.
type AppRoleLogin struct {
	// Mount is below auth/; "approle" if unset.
	Mount string `yaml:"mount"`
	// RoleID is the id of the role. Required.
	RoleID string `yaml:"role_id"`
	// SecretIDFile is the file of the secret id; unset for a role that needs none.
	SecretIDFile string `yaml:"secret_id_file"`
}

// JWTLogin is Vault's JWT method.
type JWTLogin struct {
	// Mount is below auth/; "jwt" if unset.
	Mount string `yaml:"mount"`
	// Role is the role to log in with; the mount's default role if unset.
	Role string `yaml:"role"`
	// TokenFile holds the token, and is read at each login. Required.
	TokenFile string `yaml:"token_file"`
}

// KubernetesLogin is Vault's Kubernetes method.
type KubernetesLogin struct {
	// Mount is below auth/; "kubernetes" if unset.
	Mount string `yaml:"mount"`
	// Role is the role to log in with. Required.
	Role string `yaml:"role"`
	// TokenFile holds the service account's token; where a pod finds it if unset.
	TokenFile string `yaml:"token_file"`
}

// CertLogin is Vault's TLS certificate method, with the client certificate of the Vault
// settings.
type CertLogin struct {
	// Mount is below auth/; "cert" if unset.
	Mount string `yaml:"mount"`
	// Name is the certificate role; if unset, Vault chooses one that matches.
	Name string `yaml:"name"`
}

// files are the paths in it.
func (l *Login) files() []*string {
	var out []*string
	if l.AppRole != nil {
		out = append(out, &l.AppRole.SecretIDFile)
	}
	if l.JWT != nil {
		out = append(out, &l.JWT.TokenFile)
	}
	if l.Kubernetes != nil {
		out = append(out, &l.Kubernetes.TokenFile)
	}
	return out
}

// logins are the configured methods; more than one is a problem.
func (l Login) logins() []vaultclient.Login {
	var out []vaultclient.Login
	if a := l.AppRole; a != nil {
		out = append(out, &vaultclient.AppRole{Mount: a.Mount, RoleID: a.RoleID, SecretIDFile: a.SecretIDFile})
	}
	if j := l.JWT; j != nil {
		out = append(out, &vaultclient.JWT{Mount: j.Mount, Role: j.Role, TokenFile: j.TokenFile})
	}
	if k := l.Kubernetes; k != nil {
		out = append(out, &vaultclient.Kubernetes{Mount: k.Mount, Role: k.Role, TokenFile: k.TokenFile})
	}
	if c := l.Cert; c != nil {
		out = append(out, &vaultclient.Cert{Mount: c.Mount, Name: c.Name})
	}
	return out
}

// login is the configured method, nil for a token file.
func (l Login) login() vaultclient.Login {
	if all := l.logins(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Settings returns how to connect to Vault. userAgent is for
// Vault's audit log.
func (v Vault) Settings(userAgent string) vaultclient.Settings {
	return vaultclient.Settings{
		Address: v.Address, Namespace: v.Namespace, TokenFile: v.TokenFile, Login: v.Login.login(),
		CACert: v.CACert, Proxy: v.Proxy, RedirectHosts: v.RedirectHosts, RedirectSetting: "vault.redirect_hosts",
		AllowHTTP: v.AllowHTTP, HTTPSetting: "vault.allow_http", ClientCert: v.ClientCert, ClientKey: v.ClientKey,
		Concurrency: v.Concurrency, UserAgent: userAgent,
	}
}
