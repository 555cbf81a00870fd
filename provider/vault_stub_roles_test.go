// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// vaultStubRole is a resource of the Vault provider for policies, auth methods and roles. It
// writes to Vault: its arguments are fields of Vault's API, but for those in the path.
type vaultStubRole struct {
	vaultStubResource
	path   string // with {ARGUMENT}
	text   []string
	number []string
	list   []string
	claims []string // maps, which the provider sends as lists
}

// vaultStubRoles are the resources of the stack readers, with their names in the provider.
func vaultStubRoles() []vaultStubRole {
	role := func(name string, text, list []string) vaultStubRole {
		return vaultStubRole{
			vaultStubResource: vaultStubResource{name: name}, path: "auth/{backend}/role/{role_name}",
			text: append([]string{"backend", "role_name", "token_type"}, text...), number: []string{"token_ttl"}, list: append([]string{"token_policies"}, list...),
		}
	}
	named := func(name, path string, text ...string) vaultStubRole {
		return vaultStubRole{vaultStubResource: vaultStubResource{name: name}, path: path, text: text}
	}
	jwt := role("_jwt_auth_backend_role", []string{"role_type", "user_claim"}, []string{"bound_audiences"})
	jwt.claims = []string{"bound_claims"}
	appRole := role("_approle_auth_backend_role", nil, nil)
	appRole.number = append(appRole.number, "secret_id_ttl")
	return []vaultStubRole{
		named("_policy", "sys/policies/acl/{name}", "name", "policy"),
		named("_auth_backend", "sys/auth/{path}", "path", "type"),
		named("_jwt_auth_backend", "auth/{path}/config", "path", "oidc_discovery_url", "bound_issuer"),
		named("_kubernetes_auth_backend_config", "auth/{backend}/config", "backend", "kubernetes_host", "kubernetes_ca_cert", "token_reviewer_jwt_wo",
			"token_reviewer_jwt_wo_version"),
		role("_kubernetes_auth_backend_role", []string{"audience"}, []string{"bound_service_account_names", "bound_service_account_namespaces"}),
		jwt, appRole,
	}
}

func (r vaultStubRole) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{}
	for _, name := range r.text {
		resp.Schema.Attributes[name] = schema.StringAttribute{Optional: true, WriteOnly: strings.HasSuffix(name, "_wo")}
	}
	for _, name := range r.number {
		resp.Schema.Attributes[name] = schema.Int64Attribute{Optional: true}
	}
	for _, name := range r.list {
		resp.Schema.Attributes[name] = schema.SetAttribute{Optional: true, ElementType: types.StringType}
	}
	for _, name := range r.claims {
		resp.Schema.Attributes[name] = schema.MapAttribute{Optional: true, ElementType: types.StringType}
	}
}

var pathArgument = regexp.MustCompile(`\{(\w+)\}`)

func (r vaultStubRole) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	var configured map[string]tftypes.Value
	if err := req.Config.Raw.As(&configured); err != nil {
		resp.Diagnostics.AddError("read the configuration", err.Error())
		return
	}
	body := map[string]any{}
	for name, value := range configured {
		if !value.IsNull() && !strings.HasSuffix(name, "_wo_version") {
			body[strings.TrimSuffix(name, "_wo")] = plain(value)
		}
	}
	for _, name := range r.claims { // as the provider does
		for claim, text := range body[name].(map[string]any) {
			body[name].(map[string]any)[claim] = regexp.MustCompile(`,\s*`).Split(text.(string), -1)
		}
	}
	path := pathArgument.ReplaceAllStringFunc(r.path, func(argument string) string {
		text := body[argument[1:len(argument)-1]].(string)
		delete(body, argument[1:len(argument)-1])
		return text
	})
	if r.name == "_jwt_auth_backend" { // the provider enables the method, too
		if err := post(ctx, strings.Replace(strings.TrimSuffix(path, "/config"), "auth/", "sys/auth/", 1), map[string]any{"type": "jwt"}); err != nil {
			resp.Diagnostics.AddError("enable the method", err.Error())
		}
	}
	if err := post(ctx, path, body); err != nil {
		resp.Diagnostics.AddError("write to Vault", err.Error())
	}
}

// plain is a value of JSON.
func plain(value tftypes.Value) any {
	var text string
	var number big.Float
	var list []tftypes.Value
	var object map[string]tftypes.Value
	switch {
	case value.As(&text) == nil:
		return text
	case value.As(&number) == nil:
		seconds, _ := number.Int64()
		return seconds
	case value.As(&list) == nil:
		out := []any{}
		for _, element := range list {
			out = append(out, plain(element))
		}
		return out
	case value.As(&object) == nil:
		out := map[string]any{}
		for key, element := range object {
			out[key] = plain(element)
		}
		return out
	}
	return nil
}

func post(ctx context.Context, path string, body map[string]any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("VAULT_ADDR")+"/v1/"+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", os.Getenv("VAULT_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s: status %d", path, response.StatusCode)
	}
	return nil
}
