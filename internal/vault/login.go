// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Login gets a token from one of Vault's auth methods: one of *AppRole, *JWT,
// *Kubernetes, *UserPass, *LDAP and *Cert. Files are read at each login, because their issuer
// replaces them.
type Login interface {
	// problems reads no file. Paths begin with the method, such as approle.role_id.
	problems() problem.List
	// file returns the setting and the path of the file with the credential; an
	// empty path without one.
	file() (setting, path string)
	// request returns the API path and the body of the login. The body contains secrets.
	request() (path string, body map[string]any, err error)
}

// Default mounts of the auth methods, below auth/.
const (
	defaultAppRoleMount    = "approle"
	defaultJWTMount        = "jwt"
	defaultKubernetesMount = "kubernetes"
	defaultUserPassMount   = "userpass"
	defaultLDAPMount       = "ldap"
	defaultCertMount       = "cert"

	// defaultKubernetesTokenFile is where a pod finds its service account's token.
	defaultKubernetesTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
)

// AppRole logs in with a role's id and, unless the role needs none, a secret id.
type AppRole struct {
	Mount        string
	RoleID       string
	SecretID     string
	SecretIDFile string
}

// JWT logs in with a token of an identity provider, given or in a file.
type JWT struct {
	Mount     string
	Role      string
	Token     string
	TokenFile string
}

// Kubernetes logs in with a service account's token.
type Kubernetes struct {
	Mount     string
	Role      string
	TokenFile string
}

// UserPass logs in with a name and a password.
type UserPass struct {
	Mount    string
	Username string
	Password string
}

// LDAP logs in with the name and the password of a user of a directory server.
type LDAP struct {
	Mount    string
	Username string
	Password string
}

// Cert logs in with the client certificate of the settings.
type Cert struct {
	Mount string
	// Name is the certificate role; empty lets Vault find one that fits.
	Name string
}

func (l *AppRole) problems() (out problem.List) {
	out.AddIf(l.RoleID == "", "approle.role_id", "is required")
	out.AddIf(l.SecretID != "" && l.SecretIDFile != "", "approle.secret_id", "must not be set together with secret_id_file")
	out.AddError("approle.mount", checkMount(l.Mount))
	return out
}

func (l *AppRole) file() (setting, path string) { return "approle.secret_id_file", l.SecretIDFile }

func (l *AppRole) request() (string, map[string]any, error) {
	body := map[string]any{"role_id": l.RoleID}
	secret, err := orFile(l.SecretID, l.SecretIDFile)
	if secret != "" {
		body["secret_id"] = secret
	}
	return loginPath(l.Mount, defaultAppRoleMount, "login"), body, err
}

func (l *JWT) problems() (out problem.List) {
	out.AddIf(l.Token == "" && l.TokenFile == "", "jwt.token_file", "is required")
	out.AddIf(l.Token != "" && l.TokenFile != "", "jwt.token", "must not be set together with token_file")
	out.AddError("jwt.mount", checkMount(l.Mount))
	return out
}

func (l *JWT) file() (setting, path string) { return "jwt.token_file", l.TokenFile }

func (l *JWT) request() (string, map[string]any, error) {
	token, err := orFile(l.Token, l.TokenFile)
	return loginPath(l.Mount, defaultJWTMount, "login"), map[string]any{"role": l.Role, "jwt": token}, err
}

func (l *Kubernetes) problems() (out problem.List) {
	out.AddIf(l.Role == "", "kubernetes.role", "is required")
	out.AddError("kubernetes.mount", checkMount(l.Mount))
	return out
}

func (l *Kubernetes) file() (setting, path string) { return "kubernetes.token_file", l.tokenFile() }

func (l *Kubernetes) tokenFile() string {
	if l.TokenFile == "" {
		return defaultKubernetesTokenFile
	}
	return l.TokenFile
}

func (l *Kubernetes) request() (string, map[string]any, error) {
	token, err := conffile.Token(l.tokenFile())
	return loginPath(l.Mount, defaultKubernetesMount, "login"), map[string]any{"role": l.Role, "jwt": token}, err
}

func (l *UserPass) problems() (out problem.List) {
	return passwordProblems("userpass", l.Username, l.Password, l.Mount)
}

func passwordProblems(method, username, password, mount string) (out problem.List) {
	out.AddIf(username == "", method+".username", "is required")
	out.AddIf(username == "." || username == ".." || strings.ContainsAny(username, "/?#%"), method+".username",
		"must not contain the characters /, ?, # and %%, which have another meaning in a Vault path, and not be . or ..")
	out.AddIf(password == "", method+".password", "is required")
	out.AddError(method+".mount", checkMount(mount))
	return out
}

func (l *UserPass) file() (setting, path string) { return "", "" }

//nolint:unparam // other logins read a file
func (l *UserPass) request() (string, map[string]any, error) {
	path := loginPath(l.Mount, defaultUserPassMount, "login/"+l.Username)
	return path, map[string]any{"password": l.Password}, nil
}

func (l *LDAP) problems() (out problem.List) {
	return passwordProblems("ldap", l.Username, l.Password, l.Mount)
}

func (l *LDAP) file() (setting, path string) { return "", "" }

//nolint:unparam // other logins read a file
func (l *LDAP) request() (string, map[string]any, error) {
	path := loginPath(l.Mount, defaultLDAPMount, "login/"+l.Username)
	return path, map[string]any{"password": l.Password}, nil
}

func (l *Cert) problems() (out problem.List) {
	out.AddError("cert.mount", checkMount(l.Mount))
	return out
}

func (l *Cert) file() (setting, path string) { return "", "" }

//nolint:unparam // other logins read a file
func (l *Cert) request() (string, map[string]any, error) {
	body := map[string]any{}
	if l.Name != "" {
		body["name"] = l.Name
	}
	return loginPath(l.Mount, defaultCertMount, "login"), body, nil
}

func checkMount(mount string) error {
	for segment := range strings.SplitSeq(mount, "/") {
		if segment == "." || segment == ".." || strings.ContainsAny(segment, "?#%") {
			return fmt.Errorf("invalid auth mount %q; expected a path such as approle or team/approle", mount)
		}
	}
	return nil
}

func loginPath(mount, otherwise, tail string) string {
	if mount = strings.Trim(mount, "/"); mount == "" {
		mount = otherwise
	}
	return "auth/" + strings.TrimPrefix(mount, "auth/") + "/" + tail
}

// orFile returns the value, or the content of the file if there is one.
func orFile(value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	return conffile.Token(file)
}
