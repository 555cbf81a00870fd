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

// authMethods are the attributes of auth. A configuration sets one of them.
var authMethods = []string{"token", "token_file", "approle", "jwt", "kubernetes", "userpass", "cert"}

// credentials authenticate requests: a token, a file with a token, or a login.
type credentials struct {
	// method is the attribute of auth; empty for the attribute token, its variable and
	// its file.
	method    string
	token     string
	tokenFile string
	login     vaultclient.Login
}

// errNoToken is the problem of a provider block without a token.
var errNoToken = errors.New("is required; set it or VAULT_TOKEN, configure a login in auth, or run \"vault login\"")

// credentials returns the configured credentials; none while they are not known or if
// the choice is invalid.
func (m providerModel) credentials(token settingOrigin, env environment) (credentials, []settingProblem) {
	if m.Auth.IsNull() {
		given := credentials{token: token.in(env)}
		if given.token == "" {
			given.tokenFile = env.tokenFile()
		}
		return given, nil
	}
	if token.set() {
		return credentials{}, authProblem("token", "must not be set together with auth")
	}
	if m.Auth.IsUnknown() {
		return credentials{}, nil
	}
	members := m.Auth.Attributes()
	given := slices.DeleteFunc(slices.Clone(authMethods), func(name string) bool { return !givenIn(members, name) })
	switch {
	case len(given) > 1:
		return credentials{}, authProblem("auth", fmt.Sprintf("must contain only one of %s", strings.Join(given, " and ")))
	case !isKnown(m.Auth):
		return credentials{}, nil
	case len(given) == 0:
		return credentials{}, authProblem("auth", fmt.Sprintf("must contain one of %s", strings.Join(authMethods, ", ")))
	}
	return credentialsOf(given[0], members, env)
}

// givenIn reports whether an attribute of auth is set. One that is not known yet can
// turn out to be null.
func givenIn(members map[string]attr.Value, name string) bool {
	if block, ok := members[name].(types.Object); ok {
		return !block.IsNull() && !block.IsUnknown()
	}
	return textOf(members[name]) != ""
}

// credentialsOf converts the configured method; all its attributes are known.
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

// jwtOf returns the token of auth.jwt, from the block or the environment; empty if it
// is in a file.
func jwtOf(text func(string) string, env environment) (string, []settingProblem) {
	given := slices.DeleteFunc([]string{"token", "token_file", "token_env"}, func(name string) bool { return text(name) == "" })
	if len(given) != 1 {
		return "", authProblem("auth.jwt", "must contain exactly one of token, token_file and token_env")
	}
	name := text("token_env")
	if name == "" {
		return text("token"), nil
	}
	token := env.get(name)
	if token == "" {
		return "", authProblem("auth.jwt.token_env", fmt.Sprintf("must name the environment variable that contains the JWT; %q is not set where the provider runs", name))
	}
	return token, nil
}

func authProblem(attribute, text string) []settingProblem {
	return []settingProblem{{problem.Problem{Path: attribute, Text: text}, true}}
}

// attributeOf returns the attribute for the path of a Vault setting.
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
