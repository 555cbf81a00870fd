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

// ListResources returns the list resources, for "terraform query" of Terraform 1.14
// and later.
func (p *relayProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &workflowSecretList{} }}
}

// workflowSecretList lists the secrets of a workflow, to import them.
type workflowSecretList struct{ resourceBase }

// workflowSecretListModel is the configuration of a list block.
type workflowSecretListModel struct {
	Workflow types.String `tfsdk:"workflow"`
}

func (l *workflowSecretList) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secret"
}

func (l *workflowSecretList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the secrets of a workflow, of every owner, to import them with `terraform query`. It leaves out " +
			"deleted secrets, and warns of names that cannot be imported because they are invalid here. It reads metadata only, and needs `list` on `metadata/<prefix>/<workflow>/`.",
		Attributes: map[string]schema.Attribute{
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Workflow whose secrets are listed.",
				Validators:          []validator.String{nameValidator{"workflow"}},
			},
		},
	}
}

// List observes one secret after the other, until Terraform has enough.
func (l *workflowSecretList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	const summary = "Cannot list the secrets"
	var (
		config   workflowSecretListModel
		problems diag.Diagnostics
	)
	problems.Append(req.Config.Get(ctx, &config)...)
	if problems.HasError() || !l.backend.ready(&problems) {
		stream.Results = list.ListResultsStreamDiagnostics(problems)
		return
	}
	scope := l.backend.root().In(config.Workflow.ValueString())
	names, err := l.backend.client.List(ctx, scope)
	if err != nil {
		report(&problems, summary, err)
		stream.Results = list.ListResultsStreamDiagnostics(problems)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if !pushOther(push, scope, names.Other) {
			return
		}
		var listed int64
		for _, name := range names.Manageable {
			address := scope.Secret(name)
			entry, err := l.backend.client.Describe(ctx, address)
			switch {
			case err != nil:
				var failed list.ListResult
				report(&failed.Diagnostics, summary, err)
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

// pushOther warns of names that cannot be imported.
func pushOther(push func(list.ListResult) bool, scope secrets.Scope, keys []string) bool {
	if len(keys) == 0 {
		return true
	}
	var result list.ListResult
	result.Diagnostics.AddWarning("Workflow has names that cannot be managed", scope.DescribeOther(keys))
	return push(result)
}

// result returns what an import of the secret sets.
func (l *workflowSecretList) result(ctx context.Context, req list.ListRequest, address secrets.Address, entry secrets.Entry) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = address.String()
	if _, _, found := entry.LastOwner(); found {
		result.DisplayName = fmt.Sprintf("%s (%s)", address, describeOwner(entry))
	}
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, identityOf(address))...)
	if !req.IncludeResource {
		return result
	}
	state, _ := l.backend.importedState(address)
	result.Diagnostics.Append(setModel(ctx, &result.Resource.Raw, result.Resource.Schema, state)...)
	return result
}
