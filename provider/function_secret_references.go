// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

var _ function.Function = &secretReferences{}

// secretReferences is the function provider::relay::secret_references.
type secretReferences struct{}

func newSecretReferencesFunction() function.Function { return &secretReferences{} }

func (*secretReferences) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "secret_references"
}

func (*secretReferences) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Returns the secrets and connections that a Relay workflow file uses",
		MarkdownDescription: "Parses a Relay workflow file and returns the secrets and connections that its steps and triggers use, so that a " +
			"`check` block or a precondition can compare them with the secrets that Terraform writes. It supports all forms of references " +
			"that Relay supports: `${secrets.name}`, also in longer text and in calls, `!Secret`, `!Connection`, and `$type` objects.\n\n" +
			"The returned object has these attributes:\n\n" +
			"- `secrets`: the names of all secrets, sorted.\n" +
			"- `connections`: objects with `type` and `name`, sorted.\n" +
			"- `dynamic`: true if the file also uses secrets whose names are known only in a run, such as `${secrets[parameters.stage]}`, " +
			"or uses all secrets. It is then not possible to find unused secrets.\n" +
			"- `references`: one object for each reference: `kind` (`secret` or `connection`), `type` and `name` (null if not known), `all`, " +
			"`dynamic`, `optional` (an argument of `coalesce`; the step runs without it), `used_by` (such as `step build`), `field` " +
			"(such as `spec.aws.region`), `line` and `column`.\n" +
			"- `problems`: errors in references, which prevent a step from starting, one string for each.\n" +
			"- `warnings`: references in places where Relay does not resolve them, such as `input`, one string for each.\n\n" +
			"A file that is not a workflow is an error.",
		Parameters: []function.Parameter{function.StringParameter{
			Name:                "yaml",
			MarkdownDescription: "Content of the workflow file.",
		}},
		Return: function.ObjectReturn{AttributeTypes: referencesTypes},
	}
}

var (
	connectionTypes = map[string]attr.Type{"type": types.StringType, "name": types.StringType}
	referenceTypes  = map[string]attr.Type{
		"kind": types.StringType, "type": types.StringType, "name": types.StringType,
		"all": types.BoolType, "dynamic": types.BoolType, "optional": types.BoolType,
		"used_by": types.StringType, "field": types.StringType, "line": types.Int64Type, "column": types.Int64Type,
	}
	referencesTypes = map[string]attr.Type{
		"secrets":     types.ListType{ElemType: types.StringType},
		"connections": types.ListType{ElemType: types.ObjectType{AttrTypes: connectionTypes}},
		"dynamic":     types.BoolType,
		"references":  types.ListType{ElemType: types.ObjectType{AttrTypes: referenceTypes}},
		"problems":    types.ListType{ElemType: types.StringType},
		"warnings":    types.ListType{ElemType: types.StringType},
	}
)

// referencesModel is the result of the function.
type referencesModel struct {
	Secrets     []string                    `tfsdk:"secrets"`
	Connections []referencedConnectionModel `tfsdk:"connections"`
	Dynamic     bool                        `tfsdk:"dynamic"`
	References  []referenceModel            `tfsdk:"references"`
	Problems    []string                    `tfsdk:"problems"`
	Warnings    []string                    `tfsdk:"warnings"`
}

type referencedConnectionModel struct {
	Type string `tfsdk:"type"`
	Name string `tfsdk:"name"`
}

type referenceModel struct {
	Kind     string  `tfsdk:"kind"`
	Type     *string `tfsdk:"type"`
	Name     *string `tfsdk:"name"`
	All      bool    `tfsdk:"all"`
	Dynamic  bool    `tfsdk:"dynamic"`
	Optional bool    `tfsdk:"optional"`
	UsedBy   string  `tfsdk:"used_by"`
	Field    string  `tfsdk:"field"`
	Line     int64   `tfsdk:"line"`
	Column   int64   `tfsdk:"column"`
}

func (*secretReferences) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	file, err := workflowfile.Read([]byte(text))
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, "Cannot parse the workflow file: "+err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, newReferencesModel(file))
}

// newReferencesModel returns empty lists instead of null lists, for which length() and
// for expressions fail.
func newReferencesModel(file *workflowfile.File) referencesModel {
	model := referencesModel{
		Secrets: []string{}, Connections: []referencedConnectionModel{},
		Dynamic: file.Open(workflowfile.Secret), References: []referenceModel{},
		Problems: lines(file.Problems), Warnings: lines(file.Warnings),
	}
	for _, s := range file.Targets(workflowfile.Secret) {
		model.Secrets = append(model.Secrets, s.Name)
	}
	for _, c := range file.Targets(workflowfile.Connection) {
		model.Connections = append(model.Connections, referencedConnectionModel{c.Group, c.Name})
	}
	for _, r := range file.References {
		model.References = append(model.References, referenceModel{
			Kind: string(r.Kind), Type: orNull(r.Type), Name: orNull(r.Name),
			All: r.All, Dynamic: r.Dynamic, Optional: r.Optional,
			UsedBy: r.User.String(), Field: r.Field, Line: int64(r.Line), Column: int64(r.Column),
		})
	}
	return model
}

func lines(notes []workflowfile.Diagnostic) []string {
	out := make([]string, len(notes))
	for i, n := range notes {
		out[i] = n.String()
	}
	return out
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
