// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Login is a way to get a token from one of Vault's auth methods: one of
// *AppRole, *JWT, *Kubernetes, *UserPass and *Cert. Files are read at each login,
// since whoever issues them replaces them.
type Login interface {
	// check reads the files too, so that a wrong path shows before the first
	// login. Its error joins a *SettingError for each thing that is wrong.
	check() error
	// request is the API path and the body of the login; the body holds secrets.
	request() (path string, body map[string]any, err error)
}

// Default mounts of the auth methods, below auth/.
const (
	DefaultAppRoleMount    = "approle"
	DefaultJWTMount        = "jwt"
	DefaultKubernetesMount = "kubernetes"
	DefaultUserPassMount   = "userpass"
	DefaultCertMount       = "cert"

	// DefaultKubernetesTokenFile is where a pod finds its service account's token.
	DefaultKubernetesTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
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

// Cert logs in with the client certificate of the connection.
type Cert struct {
	Mount string
	// Name is the certificate role; empty lets Vault find one that fits.
	Name string
}

func (l *AppRole) check() error {
	var both error
	if l.SecretID != "" && l.SecretIDFile != "" {
		both = blameLogin("SecretID", errors.New("approle: both secret_id and secret_id_file are set: keep one"))
	}
	return errors.Join(required("RoleID", l.RoleID, "approle: role_id"), both, checkFile("SecretIDFile", l.SecretIDFile), checkMount(l.Mount))
}

func (l *AppRole) request() (string, map[string]any, error) {
	body := map[string]any{"role_id": l.RoleID}
	secret, err := orFile(l.SecretID, l.SecretIDFile)
	if secret != "" {
		body["secret_id"] = secret
	}
	return loginPath(l.Mount, DefaultAppRoleMount, "login"), body, err
}

func (l *JWT) check() error {
	var one error
	if (l.Token == "") == (l.TokenFile == "") {
		one = blameLogin("Token", errors.New("jwt: exactly one of a token and a token file is needed"))
	}
	return errors.Join(one, checkFile("TokenFile", l.TokenFile), checkMount(l.Mount))
}

func (l *JWT) request() (string, map[string]any, error) {
	token, err := orFile(l.Token, l.TokenFile)
	return loginPath(l.Mount, DefaultJWTMount, "login"), map[string]any{"role": l.Role, "jwt": token}, err
}

func (l *Kubernetes) check() error {
	return errors.Join(required("Role", l.Role, "kubernetes: role"), checkFile("TokenFile", l.tokenFile()), checkMount(l.Mount))
}

func (l *Kubernetes) tokenFile() string {
	if l.TokenFile == "" {
		return DefaultKubernetesTokenFile
	}
	return l.TokenFile
}

func (l *Kubernetes) request() (string, map[string]any, error) {
	token, err := readCredential(l.tokenFile())
	return loginPath(l.Mount, DefaultKubernetesMount, "login"), map[string]any{"role": l.Role, "jwt": token}, err
}

func (l *UserPass) check() error {
	var odd error
	if strings.ContainsAny(l.Username, "/?#%") {
		odd = blameLogin("Username", errors.New("userpass: the username holds a character that no Vault path can"))
	}
	return errors.Join(required("Username", l.Username, "userpass: username"), odd,
		required("Password", l.Password, "userpass: password"), checkMount(l.Mount))
}

//nolint:unparam // other logins read a file
func (l *UserPass) request() (string, map[string]any, error) {
	path := loginPath(l.Mount, DefaultUserPassMount, "login/"+l.Username)
	return path, map[string]any{"password": l.Password}, nil
}

func (l *Cert) check() error { return checkMount(l.Mount) }

//nolint:unparam // other logins read a file
func (l *Cert) request() (string, map[string]any, error) {
	body := map[string]any{}
	if l.Name != "" {
		body["name"] = l.Name
	}
	return loginPath(l.Mount, DefaultCertMount, "login"), body, nil
}

func blameLogin(field string, problem error) error { return blame("Login."+field, problem) }

func required(field, value, what string) error {
	if value != "" {
		return nil
	}
	return blameLogin(field, errors.New(what+" is missing"))
}

// checkFile reads a credential to see that it is there; no file is none to check.
func checkFile(field, file string) error {
	_, err := orFile("", file)
	return blameLogin(field, err)
}

func checkMount(mount string) error {
	for segment := range strings.SplitSeq(mount, "/") {
		if segment == "." || segment == ".." || strings.ContainsAny(segment, "?#%") {
			return blameLogin("Mount", fmt.Errorf("the auth mount %q is no path: expected such as approle or team/approle", mount))
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

// orFile gives the value, or what a file holds, without the space around it.
func orFile(value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	return readCredential(file)
}

// checkToken keeps out what could not be an HTTP header; the library's own
// complaint would come at the first request.
func checkToken(token, what string) (string, error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return "", fmt.Errorf("%s is empty", what)
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", fmt.Errorf("%s holds a character that no token has: expected one line of printable ASCII", what)
		}
	}
	return token, nil
}

// maxTokenFileBytes bounds a file with a credential.
const maxTokenFileBytes = 64 << 10

// readCredential reads a small file that holds one credential.
func readCredential(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("reading a credential for Vault: %w", err)
	}
	if info.Size() > maxTokenFileBytes || !info.Mode().IsRegular() {
		return "", fmt.Errorf("reading a credential for Vault from %s: expected a regular file of at most %d bytes", file, maxTokenFileBytes)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading a credential for Vault: %w", err)
	}
	return checkToken(string(data), "the file "+file)
}
