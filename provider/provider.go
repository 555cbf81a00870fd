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

	mu sync.Mutex
	// clients are the clients of all configurations of this process; close ends
	// them.
	clients []*secrets.Client
}

func (p *relayProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "relay"
	resp.Version = p.version
}

func (p *relayProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// ValidateConfig reports what is wrong in the block itself. What is only
// missing may come from an environment that validation does not have.
func (p *relayProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, problems := resolve(model, p.env)
	if slices.ContainsFunc(problems, settingProblem.forSure) {
		// One goes wrong for sure: then name all, so that one run is enough.
		reportProblems(&resp.Diagnostics, problems)
	}
}

// Configure connects; nothing is sent to Vault, no login either, before the first
// secret. What is missing, and what is wrong with this machine, is an error of the
// create resource that needs Vault: a policy document needs none.
func (p *relayProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resolved, problems := resolve(model, p.env)
	if slices.ContainsFunc(problems, settingProblem.forSure) {
		reportProblems(&resp.Diagnostics, problems)
		return
	}
	resolved.vault.UserAgent = userAgent(req.TerraformVersion, p.version, p.env.get("TF_APPEND_USER_AGENT"))
	ready, err := newBackend(resolved, problems)
	if err != nil {
		resp.Diagnostics.AddError("Connecting to Vault", err.Error())
		return
	}
	resp.Diagnostics.Append(ready.load(ctx, model.sharedModel, p.env)...)
	p.trackClient(ready.client)
	if ready.unknownSettings != "" {
		resp.Diagnostics.AddWarning("Drift is not checked", fmt.Sprintf(
			"The provider's %s will be known only during the apply, so this plan cannot ask Vault. "+
				"Plan again after the apply to see drift.", ready.unknownSettings))
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = ready, ready, ready
}

func (p *relayProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newWorkflowSecretResource, newWorkflowSecretsResource, newConnectionResource}
}

// DataSources tell of metadata and policies. There is none that could return a
// value, ever.
func (p *relayProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newWorkflowSecretsDataSource, newPolicyDocumentDataSource}
}

// Functions compute something from their arguments alone.
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

// userAgent names both sides in Vault's audit log, as other providers do.
func userAgent(terraform, version, extra string) string {
	agent := fmt.Sprintf("Terraform/%s (+https://www.terraform.io) terraform-provider-relay/%s", terraform, version)
	if extra = strings.TrimSpace(extra); extra != "" {
		agent += " " + extra
	}
	return agent
}
