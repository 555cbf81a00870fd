// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ provider.Provider                   = &relayProvider{}
	_ provider.ProviderWithValidateConfig = &relayProvider{}
)

// relayProvider is the provider "relay".
type relayProvider struct {
	version string
	env     environment
}

// New returns the provider of a release; version is "dev" for a build by hand.
func New(version string) provider.Provider {
	return &relayProvider{version: version, env: processEnvironment()}
}

func (p *relayProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "relay"
	resp.Version = p.version
}

func (p *relayProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Writes workflow secrets into HashiCorp Vault or OpenBao without ever reading one back.",
		Attributes: map[string]schema.Attribute{
			"address": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "URL of Vault, such as `https://vault.example.com:8200`. Default: `VAULT_ADDR`.",
			},
			"namespace": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Namespace of Vault Enterprise or OpenBao. Default: `VAULT_NAMESPACE`, else none.",
			},
			"mount": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Mount of the KV version 2 secrets engine. Default: `customers`.",
			},
			"prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Path below the mount that holds one folder per workflow. Default: `workflows`.",
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Vault token. It may be ephemeral. Default: `VAULT_TOKEN`, else `~/.vault-token`, where " +
					"`vault login` leaves it. Its policy needs no `read` on values; give it none.",
			},
			"owner": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Who this configuration is, 1 to 48 of `a-z`, `0-9`, `.`, `_`, `-`. Required here or as " +
					"`RELAY_OWNER`. The provider notes in each secret's metadata that `terraform/<owner>` wrote it, and writes or " +
					"deletes nothing that another owner holds. So each configuration (each state, each workspace) needs an " +
					"id of its own, and keeps it: a new id is a new owner, to whom nothing belongs.",
			},
			"settle": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long one write may take until its record stands, as a duration. A record that Vault " +
					"does not take is retried for this long, and a value that somebody else wrote is repaired only when it is older " +
					"than this, because its record may be on its way. Default: `30s`. Everybody who writes to " +
					"the same Vault should have the same.",
			},
			"ca_cert": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM file with the authorities to trust in place of the system's. Default: `VAULT_CACERT`.",
			},
			"client_cert": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM file with a client certificate for mutual TLS. Default: `VAULT_CLIENT_CERT`.",
			},
			"client_key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM file with the key of the client certificate. Default: `VAULT_CLIENT_KEY`.",
			},
			"defaults":        defaultsAttribute(),
			"fingerprint_key": fingerprintKeyAttribute(),
		},
	}
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
	for _, found := range problems {
		if found.written && !found.onDisk() {
			// One goes wrong for sure: then name all, so that one run is enough.
			reportProblems(&resp.Diagnostics, problems)
			return
		}
	}
}

// Configure connects; nothing is sent to Vault before the first secret.
func (p *relayProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resolved, problems := resolve(model, p.env)
	reportProblems(&resp.Diagnostics, problems)
	if resp.Diagnostics.HasError() {
		return
	}
	resolved.connection.UserAgent = userAgent(req.TerraformVersion, p.version, p.env.get("TF_APPEND_USER_AGENT"))
	ready, err := connect(resolved)
	if err != nil {
		resp.Diagnostics.AddError("Connecting to Vault", err.Error())
		return
	}
	resp.Diagnostics.Append(ready.fill(ctx, model.standingModel, p.env)...)
	if ready.pending != "" {
		resp.Diagnostics.AddWarning("Drift is not checked", fmt.Sprintf(
			"The provider's %s will be known only during the apply, so this plan cannot ask Vault. "+
				"Plan again after the apply to see drift.", ready.pending))
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = ready, ready, ready
}

func (p *relayProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newWorkflowSecret, newWorkflowSecrets}
}

// DataSources tell of metadata and policies. There is none that could return a
// value, ever.
func (p *relayProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newAudit, newPolicyDocument}
}

func reportProblems(diagnostics *diag.Diagnostics, problems []problem) {
	for _, found := range problems {
		diagnostics.AddAttributeError(path.Root(found.attribute), "Invalid provider configuration", sentence(found.text))
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

// connection is what the provider hands to its resources.
type connection struct {
	// client is nil while pending.
	client *secrets.Client
	// mount and prefix are empty where they are not known yet.
	mount, prefix string
	// pending names the settings that are not known yet; empty when connected.
	pending string
	notes   *notes
	standing
}

func connect(s settings) (*connection, error) {
	out := &connection{mount: s.mount, prefix: s.prefix, notes: &notes{}}
	if len(s.unknown) > 0 {
		out.pending = strings.Join(s.unknown, ", ")
		return out, nil
	}
	client, err := secrets.Connect(s.connection, secrets.Config{Owner: s.owner, Settle: s.settle, Warn: out.notes.add})
	out.client = client
	return out, err
}
