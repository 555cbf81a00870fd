// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// serveVaultStub serves a stub of the Vault provider: two of its resources with their values
// in the state, without Vault, and those of the stack readers.
func serveVaultStub() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return vaultStub{} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/hashicorp/vault",
	})
	if err != nil {
		log.Fatal(err)
	}
}

type vaultStub struct{}

func (vaultStub) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "vault"
}

func (vaultStub) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (vaultStub) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (vaultStub) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (vaultStub) Resources(context.Context) []func() resource.Resource {
	stub := func(name string, arguments ...string) func() resource.Resource {
		return func() resource.Resource { return vaultStubResource{name, arguments} }
	}
	all := []func() resource.Resource{
		stub("_kv_secret_v2", "mount", "name", "namespace", "data_json"),
		stub("_generic_secret", "path", "namespace", "data_json"),
	}
	for _, role := range vaultStubRoles() {
		all = append(all, func() resource.Resource { return role })
	}
	return all
}

type vaultStubResource struct {
	name      string
	arguments []string
}

func (r vaultStubResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + r.name
}

func (r vaultStubResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema.Attributes = map[string]schema.Attribute{}
	for _, argument := range r.arguments {
		resp.Schema.Attributes[argument] = schema.StringAttribute{Optional: true, Sensitive: argument == "data_json"}
	}
}

func (vaultStubResource) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (vaultStubResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (vaultStubResource) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (vaultStubResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
