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

// secretReferences is provider::relay::secret_references. It needs no Vault.
type secretReferences struct{}

func newSecretReferencesFunction() function.Function { return &secretReferences{} }

func (*secretReferences) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "secret_references"
}

func (*secretReferences) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Which secrets and connections a Relay workflow file uses",
		MarkdownDescription: "Reads a Relay workflow file and returns the secrets and connections that its steps and triggers use, so that a " +
			"`check` or a precondition can compare them with what is written. It understands every form that Relay does: " +
			"`${secrets.name}` also inside longer text and calls, `!Secret`, `!Connection`, and `$type` objects.\n\n" +
			"The object it returns has\n\n" +
			"- `secrets`, the names of all secrets, sorted;\n" +
			"- `connections`, objects with `type` and `name`, sorted;\n" +
			"- `dynamic`, true if the file also takes secrets that only a run can name, as `${secrets[parameters.stage]}` does, " +
			"or all there are: then nobody can tell that a secret is unused;\n" +
			"- `references`, one object for each use: `kind` (`secret` or `connection`), `type` and `name` (null where not known), `all`, " +
			"`dynamic`, `optional` (an argument of `coalesce`: the step runs without it), `used_by` (`step build`), `field` " +
			"(`spec.aws.region`), `line` and `column`;\n" +
			"- `problems`, what Relay refuses, and so would keep a step from starting, as lines of text;\n" +
			"- `warnings`, what looks like a reference where Relay does not resolve it, such as in `input`.\n\n" +
			"A file that is no workflow is an error.",
		Parameters: []function.Parameter{function.StringParameter{
			Name:                "yaml",
			MarkdownDescription: "The text of the workflow file.",
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

// referencesModel is what the function returns.
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
		resp.Error = function.NewArgumentFuncError(0, "Reading the workflow file: "+err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, newReferencesModel(file))
}

// importedState leaves no list out: a null list would break length() and for.
func newReferencesModel(file *workflowfile.File) referencesModel {
	model := referencesModel{
		Secrets: append([]string{}, file.Secrets()...), Connections: []referencedConnectionModel{},
		Dynamic: file.Open(workflowfile.Secret), References: []referenceModel{},
		Problems: lines(file.Problems), Warnings: lines(file.Warnings),
	}
	for _, c := range file.Connections() {
		model.Connections = append(model.Connections, referencedConnectionModel{c.Type, c.Name})
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
