// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ provider.ProviderWithListResources = &relayProvider{}
	_ list.ListResourceWithConfigure     = &workflowSecretList{}
)

// ListResources are for "terraform query", of Terraform 1.14 and later.
func (p *relayProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &workflowSecretList{} }}
}

// workflowSecretList finds the secrets of a workflow, to import them.
type workflowSecretList struct {
	backend *backend
}

// workflowSecretListModel is the block that asks.
type workflowSecretListModel struct {
	Workflow types.String `tfsdk:"workflow"`
}

func (l *workflowSecretList) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secret"
}

func (l *workflowSecretList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the secrets of a workflow, whoever wrote them, to import them with `terraform query`. Deleted ones " +
			"are left out. It reads metadata only, and needs `list` on `metadata/<prefix>/<workflow>/`.",
		Attributes: map[string]schema.Attribute{
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Workflow whose secrets are listed.",
				Validators:          []validator.String{nameValidator{"workflow"}},
			},
		},
	}
}

func (l *workflowSecretList) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		l.backend = ready
	}
}

// List looks at one secret after the other, and stops where Terraform has enough.
func (l *workflowSecretList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const attempted = "Listing the secrets"
	var (
		asked    workflowSecretListModel
		problems diag.Diagnostics
	)
	problems.Append(req.Config.Get(ctx, &asked)...)
	if problems.HasError() || !l.backend.ready(&problems) {
		stream.Results = list.ListResultsStreamDiagnostics(problems)
		return
	}
	scope := secrets.Scope{Mount: l.backend.mount, Prefix: l.backend.prefix, Workflow: asked.Workflow.ValueString()}
	names, err := l.backend.client.List(ctx, scope)
	if err != nil {
		report(&problems, attempted, err)
		stream.Results = list.ListResultsStreamDiagnostics(problems)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		var listed int64
		for _, name := range names {
			address := scope.Secret(name)
			entry, err := l.backend.client.Describe(ctx, address)
			switch {
			case err != nil:
				var failed list.ListResult
				report(&failed.Diagnostics, attempted, err)
				push(failed)
				return
			case !entry.Live():
				continue
			case !push(l.result(ctx, req, address, entry)):
				return
			}
			if listed++; listed == req.Limit {
				return
			}
		}
	}
}

// result is what an import of the secret would bring.
func (l *workflowSecretList) result(ctx context.Context, req list.ListRequest, address secrets.Address, entry secrets.Entry) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = address.String()
	if holder, held := entry.Owner(); held {
		result.DisplayName = fmt.Sprintf("%s (held by %s)", address, holder)
	}
	result.Diagnostics.Append(setSecretIdentity(ctx, result.Identity, address)...)
	if !req.IncludeResource {
		return result
	}
	state, _ := l.backend.importedState(address, entry)
	result.Diagnostics.Append(result.Resource.Set(ctx, state)...)
	return result
}
