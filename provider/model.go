// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// schemaType is the schema of a plan, configuration or state. The framework's interface
// is internal.
type schemaType interface{ Type() attr.Type }

// getModel is Get of a plan, configuration or state, for a model with a field for each
// attribute. The framework's own Get and Set walk the schema and compile a regular
// expression for each field: a sixth of the provider's processor time.
func getModel[M any](ctx context.Context, raw tftypes.Value, schema schemaType, model *M) diag.Diagnostics {
	value, err := schema.Type().ValueFromTerraform(ctx, raw)
	object, is := value.(types.Object)
	if err != nil || !is || object.IsNull() || object.IsUnknown() {
		return modelProblem("read", model, "the value of the resource is not a known object of its schema")
	}
	attributes := object.Attributes()
	into := reflect.ValueOf(model).Elem()
	for name, field := range modelFields(into.Type()) {
		found := reflect.ValueOf(attributes[name])
		if !found.IsValid() || found.Type() != field.Type {
			return modelProblem("read", model, fmt.Sprintf("the schema has no attribute %q of the type %s", name, field.Type))
		}
		into.FieldByIndex(field.Index).Set(found)
	}
	return nil
}

// setModel is Set of a plan or state, as getModel is Get. The raw value stays as it is if
// the model does not match the schema.
func setModel[M any](ctx context.Context, raw *tftypes.Value, schema schemaType, model M) diag.Diagnostics {
	from := reflect.ValueOf(model)
	attributes := map[string]attr.Value{}
	for name, field := range modelFields(from.Type()) {
		value, is := from.FieldByIndex(field.Index).Interface().(attr.Value)
		if !is {
			return modelProblem("write", model, fmt.Sprintf("the type %s of the field for %q is not that of an attribute", field.Type, name))
		}
		attributes[name] = value
	}
	kind, is := schema.Type().(types.ObjectType)
	if !is {
		return modelProblem("write", model, fmt.Sprintf("the schema is of the type %T", schema.Type()))
	}
	object, problems := types.ObjectValue(kind.AttrTypes, attributes)
	if problems.HasError() {
		return problems
	}
	value, err := object.ToTerraformValue(ctx)
	if err != nil {
		return modelProblem("write", model, err.Error())
	}
	*raw = value
	return nil
}

// modelFields returns the fields of a model, also those of embedded ones, by the names of
// their attributes.
func modelFields(model reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(model) {
		if name := field.Tag.Get("tfsdk"); name != "" && name != "-" {
			out[name] = field
		}
	}
	return out
}

// modelProblem is a fault of the provider: a model and its schema do not match.
func modelProblem(verb string, model any, cause string) diag.Diagnostics {
	return diag.Diagnostics{diag.NewErrorDiagnostic(fmt.Sprintf("Cannot %s %T", verb, model), sentence(cause))}
}
