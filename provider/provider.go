// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ provider.Provider                   = &relayProvider{}
	_ provider.ProviderWithValidateConfig = &relayProvider{}
	_ provider.ProviderWithFunctions      = &relayProvider{}
)

// relayProvider is the provider "relay".
type relayProvider struct {
	version string
	env     environment
	// quiet is as in Options.
	quiet bool

	mu sync.Mutex
	// clients are the Vault clients of all configurations of this process, for close.
	clients []*secrets.Client
}

func (p *relayProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "relay"
	resp.Version = p.version
}

func (p *relayProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// ValidateConfig reports the problems of the block itself. A missing setting can come
// from the environment of the apply.
func (p *relayProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, problems := resolve(model, p.env)
	if slices.ContainsFunc(problems, settingProblem.certain) {
		// The configuration fails in any case, so report all problems at once.
		reportProblems(&resp.Diagnostics, problems)
	}
}

// Configure creates the backend. It sends no requests to Vault, and no login, before
// the first secret needs them. Missing settings and problems of this machine are errors
// of the first resource that needs Vault: a policy document does not need it.
func (p *relayProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resolved, problems := resolve(model, p.env)
	if slices.ContainsFunc(problems, settingProblem.certain) {
		reportProblems(&resp.Diagnostics, problems)
		return
	}
	resolved.vault.UserAgent = userAgent(req.TerraformVersion, p.version, p.env.get("TF_APPEND_USER_AGENT"))
	var common shared
	resp.Diagnostics.Append(common.load(ctx, model.sharedModel, p.env)...)
	ready, err := newBackend(resolved, problems, common)
	if err != nil {
		resp.Diagnostics.AddError("Cannot create the Vault client", err.Error())
		return
	}
	p.trackClient(ready.client)
	if ready.unknownSettings != "" {
		resp.Diagnostics.AddWarning(driftNotChecked, fmt.Sprintf(
			"The provider's %s is known only during the apply, so this plan cannot read from Vault. "+
				"To check for drift, plan again after the apply.", ready.unknownSettings))
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = ready, ready, ready
}

func (p *relayProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newWorkflowSecretResource, newWorkflowSecretsResource, newConnectionResource}
}

// DataSources return metadata and policies. No data source can return a value.
func (p *relayProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newWorkflowSecretsDataSource, newPolicyDocumentDataSource}
}

// Functions depend on their arguments only.
func (p *relayProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newSecretReferencesFunction}
}

func reportProblems(diagnostics *diag.Diagnostics, problems []settingProblem) {
	for _, found := range problems {
		at := path.Empty()
		for name := range strings.SplitSeq(found.Path, ".") {
			at = at.AtName(name)
		}
		diagnostics.AddAttributeError(at, invalidProvider, found.detail())
	}
}

// userAgent identifies Terraform and the provider in Vault's audit log.
func userAgent(terraform, version, extra string) string {
	agent := fmt.Sprintf("Terraform/%s (+https://www.terraform.io) terraform-provider-relay/%s", terraform, version)
	if extra = strings.TrimSpace(extra); extra != "" {
		agent += " " + extra
	}
	return agent
}
