// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// authOf converts auth: each attribute is a value, or the attributes of an object.
func authOf(t *testing.T, members map[string]any) types.Object {
	t.Helper()
	schema, ok := authSchema().GetType().(attr.TypeWithAttributeTypes)
	if !ok {
		t.Fatal("auth is not an object")
	}
	return objectOf(t, schema.AttributeTypes(), members)
}

func objectOf(t *testing.T, schema map[string]attr.Type, members map[string]any) types.Object {
	t.Helper()
	values := map[string]attr.Value{}
	for name, kind := range schema {
		values[name] = types.StringNull()
		within, nested := kind.(attr.TypeWithAttributeTypes)
		if nested {
			values[name] = types.ObjectNull(within.AttributeTypes())
		}
		switch member := members[name].(type) {
		case string:
			values[name] = types.StringValue(member)
		case map[string]any:
			values[name] = objectOf(t, within.AttributeTypes(), member)
		case unknown:
			values[name] = types.StringUnknown()
			if nested {
				values[name] = types.ObjectUnknown(within.AttributeTypes())
			}
		}
	}
	return types.ObjectValueMust(schema, values)
}

// unknown is a value that is not known yet.
type unknown struct{}

type block = map[string]any

// authRow is a row of the tests of auth.
type authRow struct {
	name     string
	auth     block
	variable string // content of IDENTITY
	want     credentials
	problems []string // "attribute: part of the text"
}

func validAuth(file string) []authRow {
	return []authRow{
		{name: "token", auth: block{"token": "hvs.x"}, want: credentials{method: "token", token: "hvs.x"}},
		{name: "token file", auth: block{"token_file": file}, want: credentials{method: "token_file", tokenFile: file}},
		{name: "approle", auth: block{"approle": block{"role_id": "r", "secret_id": "s", "mount": "m"}},
			want: credentials{method: "approle", login: &vaultclient.AppRole{RoleID: "r", SecretID: "s", Mount: "m"}}},
		{name: "approle with a file", auth: block{"approle": block{"role_id": "r", "secret_id_file": file}},
			want: credentials{method: "approle", login: &vaultclient.AppRole{RoleID: "r", SecretIDFile: file}}},
		{name: "jwt", auth: block{"jwt": block{"role": "r", "token": "j", "mount": "m"}},
			want: credentials{method: "jwt", login: &vaultclient.JWT{Role: "r", Token: "j", Mount: "m"}}},
		{name: "jwt with a file", auth: block{"jwt": block{"token_file": file}},
			want: credentials{method: "jwt", login: &vaultclient.JWT{TokenFile: file}}},
		{name: "jwt from the environment", auth: block{"jwt": block{"role": "r", "token_env": "IDENTITY"}}, variable: "j",
			want: credentials{method: "jwt", login: &vaultclient.JWT{Role: "r", Token: "j"}}},
		{name: "kubernetes", auth: block{"kubernetes": block{"role": "r", "token_file": file, "mount": "m"}},
			want: credentials{method: "kubernetes", login: &vaultclient.Kubernetes{Role: "r", TokenFile: file, Mount: "m"}}},
		{name: "userpass", auth: block{"userpass": block{"username": "u", "password": "p", "mount": "m"}},
			want: credentials{method: "userpass", login: &vaultclient.UserPass{Username: "u", Password: "p", Mount: "m"}}},
		{name: "an empty string is not set", auth: block{"token": "", "userpass": block{"username": "u", "password": "p"}},
			want: credentials{method: "userpass", login: &vaultclient.UserPass{Username: "u", Password: "p"}}},
	}
}

func invalidAuth(file string) []authRow {
	return []authRow{
		{name: "no method", auth: block{}, problems: []string{"auth must contain one of token, token_file, approle"}},
		{name: "an empty token", auth: block{"token": ""}, problems: []string{"auth must contain one of"}},
		{name: "two methods", auth: block{"token": "hvs.x", "approle": block{"role_id": "r"}}, problems: []string{"auth must contain only one of token and approle"}},
		{name: "two methods and an unknown method", auth: block{"token": "hvs.x", "cert": block{}, "jwt": unknown{}},
			problems: []string{"auth must contain only one of token and cert"}},
		{name: "two secret ids", auth: block{"approle": block{"role_id": "r", "secret_id": "hunter2", "secret_id_file": file}},
			want:     credentials{method: "approle", login: &vaultclient.AppRole{RoleID: "r", SecretID: "hunter2", SecretIDFile: file}},
			problems: []string{"auth.approle.secret_id must not be set together"}},
		{name: "missing files", auth: block{"approle": block{"role_id": "", "secret_id_file": "/none", "mount": "../x"}},
			want:     credentials{method: "approle", login: &vaultclient.AppRole{SecretIDFile: "/none", Mount: "../x"}},
			problems: []string{"auth.approle.role_id is required", "auth.approle.mount: invalid auth mount", "auth.approle.secret_id_file: read /none: no such file"}},
		{name: "a missing token file", auth: block{"token_file": "/none"},
			want: credentials{method: "token_file", tokenFile: "/none"}, problems: []string{"auth.token_file: read /none: no such file"}},
		{name: "a token of two lines", auth: block{"token": "hunter2\nx"},
			want: credentials{method: "token", token: "hunter2\nx"}, problems: []string{"auth.token must be one line of printable ASCII"}},
		{name: "two JWTs", auth: block{"jwt": block{"token": "hunter2", "token_env": "IDENTITY"}}, variable: "j",
			problems: []string{"auth.jwt must contain exactly one"}},
		{name: "no JWT", auth: block{"jwt": block{"role": "r"}}, problems: []string{"auth.jwt must contain exactly one"}},
		{name: "a missing variable", auth: block{"jwt": block{"token_env": "IDENTITY"}}, problems: []string{`auth.jwt.token_env must name the environment variable that contains the JWT; "IDENTITY" is not set`}},
		{name: "a certificate login without a certificate", auth: block{"cert": block{"name": "n"}},
			want: credentials{method: "cert", login: &vaultclient.Cert{Name: "n"}}, problems: []string{"client_cert_file is required to log in by certificate"}},
		{name: "no password", auth: block{"userpass": block{"username": "a/b", "password": ""}},
			want:     credentials{method: "userpass", login: &vaultclient.UserPass{Username: "a/b"}},
			problems: []string{"auth.userpass.username must not contain", "auth.userpass.password is required"}},
		{name: "no service account", auth: block{"kubernetes": block{"role": ""}}, want: credentials{method: "kubernetes", login: &vaultclient.Kubernetes{}},
			problems: []string{"auth.kubernetes.role is required", "auth.kubernetes.token_file: read /var/run/secrets"}},
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	unknowns := []authRow{
		{name: "an unknown method", auth: block{"approle": unknown{}}},
		{name: "an unknown attribute", auth: block{"approle": block{"role_id": "r", "secret_id": unknown{}, "secret_id_file": "/none"}}},
		{name: "an unknown token", auth: block{"token": unknown{}}},
	}
	for _, row := range slices.Concat(validAuth(file), invalidAuth(file), unknowns) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			model := complete()
			model.Token, model.Auth = types.StringNull(), authOf(t, row.auth)
			env := environmentOf(map[string]string{"VAULT_TOKEN": "from-env", "IDENTITY": row.variable})
			given, _ := model.credentials(settingOrigin{attribute: "token", value: model.Token, variable: "VAULT_TOKEN"}, env)
			if !reflect.DeepEqual(given, row.want) {
				t.Errorf("the credentials are %+v, want %+v", given, row.want)
			}
			resolved, problems := resolve(model, env)
			if waits := len(resolved.unknownSettings) > 0; waits != !isKnown(model.Auth) {
				t.Errorf("unknown: %v", resolved.unknownSettings)
			}
			compareProblems(t, problems, row.problems)
		})
	}
}

func TestTokenAndAuthExcludeEachOther(t *testing.T) {
	t.Parallel()
	model := complete()
	model.Auth = authOf(t, block{"token": "hvs.x"})
	_, problems := resolve(model, environmentOf(nil))
	compareProblems(t, problems, []string{"token must not be set together with auth"})

	model.Auth = types.ObjectUnknown(model.Auth.AttributeTypes(context.Background()))
	model.Token = types.StringUnknown()
	resolved, problems := resolve(model, environmentOf(nil))
	compareProblems(t, problems, nil)
	if got := strings.Join(resolved.unknownSettings, " "); got != "auth token" {
		t.Errorf("unknown: %s", got)
	}
}

func compareProblems(t *testing.T, got []settingProblem, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("problems %v, want %v", got, want)
		return
	}
	for i, found := range got {
		text := found.Problem.Error()
		if !strings.HasPrefix(text, want[i]) || strings.Contains(text, "hunter2") {
			t.Errorf("problem %q, want %q", text, want[i])
		}
	}
}
