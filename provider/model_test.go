// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// variants are objects of a type whose attributes are all null, all unknown, or all known.
func variants(of tftypes.Object) map[string]tftypes.Value {
	null, unknown, known := map[string]tftypes.Value{}, map[string]tftypes.Value{}, map[string]tftypes.Value{}
	for name, kind := range of.AttributeTypes {
		null[name], unknown[name] = tftypes.NewValue(kind, nil), tftypes.NewValue(kind, tftypes.UnknownValue)
		known[name] = knownValue(kind)
	}
	return map[string]tftypes.Value{
		"null": tftypes.NewValue(of, null), "unknown": tftypes.NewValue(of, unknown), "known": tftypes.NewValue(of, known),
	}
}

// knownValue is some value of a type.
func knownValue(of tftypes.Type) tftypes.Value {
	switch of := of.(type) {
	case tftypes.Map:
		return tftypes.NewValue(of, map[string]tftypes.Value{"a": knownValue(of.ElementType), "b": tftypes.NewValue(of.ElementType, tftypes.UnknownValue)})
	case tftypes.Object:
		return variants(of)["known"]
	}
	switch {
	case of.Is(tftypes.Bool):
		return tftypes.NewValue(of, true)
	case of.Is(tftypes.Number):
		return tftypes.NewValue(of, 7)
	}
	return tftypes.NewValue(of, "720h")
}

func TestModelsAreReadAndWrittenAsByTheFramework(t *testing.T) {
	t.Parallel()
	t.Run("secret", func(t *testing.T) { compareWithFramework[workflowSecretModel](t, workflowSecretSchema(t.Context())) })
	t.Run("secrets", func(t *testing.T) { compareWithFramework[workflowSecretsModel](t, workflowSecretsSchema(t.Context())) })
	t.Run("connection", func(t *testing.T) { compareWithFramework[connectionModel](t, connectionSchema(t.Context())) })
}

func compareWithFramework[M any](t *testing.T, s schema.Schema) {
	ctx := t.Context()
	for name, raw := range variants(s.Type().TerraformType(ctx).(tftypes.Object)) {
		var want, got M
		state := tfsdk.State{Raw: raw, Schema: s}
		if problems := append(state.Get(ctx, &want), getModel(ctx, raw, s, &got)...); problems.HasError() || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read\n%+v, want\n%+v: %v", name, got, want, problems)
		}
		written := tftypes.NewValue(raw.Type(), nil)
		if problems := append(state.Set(ctx, want), setModel(ctx, &written, s, want)...); problems.HasError() || !written.Equal(state.Raw) || !written.Equal(raw) {
			t.Errorf("%s: wrote\n%s, want\n%s: %v", name, written, state.Raw, problems)
		}
	}
}

func TestModelThatDoesNotMatchItsSchemaIsAProblem(t *testing.T) {
	t.Parallel()
	type (
		missing struct {
			Other types.String `tfsdk:"other"`
		}
		wrong struct {
			Name types.Int64 `tfsdk:"name"`
		}
		plain struct {
			Name string `tfsdk:"name"`
		}
	)
	ctx, s := t.Context(), schema.Schema{Attributes: map[string]schema.Attribute{"name": schema.StringAttribute{Required: true}}}
	raw := variants(s.Type().TerraformType(ctx).(tftypes.Object))["known"]
	refused(ctx, t, raw, s, missing{Other: types.StringValue("x")})
	refused(ctx, t, raw, s, wrong{Name: types.Int64Value(1)})
	refused(ctx, t, raw, s, plain{Name: "x"})
	var model struct {
		Name types.String `tfsdk:"name"`
	}
	for _, value := range []any{nil, tftypes.UnknownValue} {
		if !getModel(ctx, tftypes.NewValue(raw.Type(), value), s, &model).HasError() {
			t.Errorf("read %v", value)
		}
	}
}

func refused[M any](ctx context.Context, t *testing.T, raw tftypes.Value, s interface{ Type() attr.Type }, model M) {
	t.Helper()
	written := raw
	if !getModel(ctx, raw, s, &model).HasError() || !setModel(ctx, &written, s, model).HasError() || !written.Equal(raw) {
		t.Errorf("%T matches, wrote %s", model, written)
	}
}
