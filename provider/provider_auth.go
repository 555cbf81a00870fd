// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// authMethods are the members of auth, of which a configuration has one.
var authMethods = []string{"token", "token_file", "approle", "jwt", "kubernetes", "userpass", "cert"}

// credentials are how requests are authenticated: a token, a file with one, or a
// login.
type credentials struct {
	// method is the member of auth that they come from; empty for token and
	// whatever stands behind it.
	method    string
	token     string
	tokenFile string
	login     vaultclient.Login
}

// errNoToken says where this provider looks for a token.
var errNoToken = errors.New("no Vault token: set token or VAULT_TOKEN, choose a login in auth, or log in with \"vault login\"")

// credentials finds out which are given; none where that is not known yet or
// where something is wrong with the choice.
func (m providerModel) credentials(token settingOrigin, env environment) (credentials, []settingProblem) {
	if m.Auth.IsNull() {
		given := credentials{token: token.in(env)}
		if given.token == "" {
			given.tokenFile = env.tokenFile()
		}
		return given, nil
	}
	if token.set() {
		return credentials{}, authProblem("token", "both token and auth are given: keep one")
	}
	if m.Auth.IsUnknown() {
		return credentials{}, nil
	}
	members := m.Auth.Attributes()
	given := slices.DeleteFunc(slices.Clone(authMethods), func(name string) bool { return !givenIn(members, name) })
	switch {
	case len(given) > 1:
		return credentials{}, authProblem("auth", fmt.Sprintf("auth holds %s: keep one", strings.Join(given, " and ")))
	case !isKnown(m.Auth):
		return credentials{}, nil
	case len(given) == 0:
		return credentials{}, authProblem("auth", fmt.Sprintf("auth is empty: choose one of %s", strings.Join(authMethods, ", ")))
	}
	return credentialsOf(given[0], members, env)
}

// givenIn reports whether a member of auth is given for sure: one that is not
// isFullyKnown yet may turn out to be null.
func givenIn(members map[string]attr.Value, name string) bool {
	if block, ok := members[name].(types.Object); ok {
		return !block.IsNull() && !block.IsUnknown()
	}
	return textOf(members[name]) != ""
}

// credentialsOf translates the one method that is given; all of it is known.
func credentialsOf(method string, members map[string]attr.Value, env environment) (credentials, []settingProblem) {
	out := credentials{method: method}
	text := func(string) string { return "" }
	if block, ok := members[method].(types.Object); ok {
		attributes := block.Attributes()
		text = func(name string) string { return textOf(attributes[name]) }
	}
	switch mount := text("mount"); method {
	case "token":
		out.token = textOf(members[method])
	case "token_file":
		out.tokenFile = textOf(members[method])
	case "approle":
		out.login = &vaultclient.AppRole{Mount: mount, RoleID: text("role_id"), SecretID: text("secret_id"), SecretIDFile: text("secret_id_file")}
	case "kubernetes":
		out.login = &vaultclient.Kubernetes{Mount: mount, Role: text("role"), TokenFile: text("token_file")}
	case "userpass":
		out.login = &vaultclient.UserPass{Mount: mount, Username: text("username"), Password: text("password")}
	case "cert":
		out.login = &vaultclient.Cert{Mount: mount, Name: text("name")}
	case "jwt":
		token, problems := jwtOf(text, env)
		if len(problems) > 0 {
			return credentials{}, problems
		}
		out.login = &vaultclient.JWT{Mount: mount, Role: text("role"), Token: token, TokenFile: text("token_file")}
	}
	return out, nil
}

// jwtOf is the token of auth.jwt, given or from the environment; empty where a
// file has it.
func jwtOf(text func(string) string, env environment) (string, []settingProblem) {
	given := slices.DeleteFunc([]string{"token", "token_file", "token_env"}, func(name string) bool { return text(name) == "" })
	if len(given) != 1 {
		return "", authProblem("auth.jwt", "jwt needs exactly one of token, token_file and token_env")
	}
	name := text("token_env")
	if name == "" {
		return text("token"), nil
	}
	token := env.get(name)
	if token == "" {
		return "", authProblem("auth.jwt.token_env", fmt.Sprintf("the environment variable %q, which should hold the JWT, is not set where the provider runs", name))
	}
	return token, nil
}

func authProblem(attribute, text string) []settingProblem {
	return []settingProblem{{problem.Problem{Path: attribute, Text: text}, true}}
}

// attributeOf returns the attribute of a setting for Vault.
func (c credentials) attributeOf(setting string) string {
	if login, ok := strings.CutPrefix(setting, "login."); ok {
		return "auth." + login
	}
	if strings.HasPrefix(setting, "redirect_hosts[") {
		return "redirect_hosts"
	}
	switch setting {
	case "ca_cert", "client_cert":
		return setting + "_file"
	case "concurrency":
		return "max_concurrent_requests"
	case "token", "token_file":
		if c.method == "" {
			return "token"
		}
		return "auth." + c.method
	}
	return setting
}
