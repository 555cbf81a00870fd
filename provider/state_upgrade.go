// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// schemaVersion is the version of the schemas of all resources. Version 0 stored adopt in
// the state.
const schemaVersion = 1

var (
	_ resource.ResourceWithUpgradeState = &workflowSecretResource{}
	_ resource.ResourceWithUpgradeState = &workflowSecretsResource{}
	_ resource.ResourceWithUpgradeState = &connectionResource{}
)

// UpgradeState upgrades states of earlier versions of the schema.
func (r *resourceBase) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: forgetAdopt}}
}

// forgetAdopt removes adopt from a state: hosts refuse a state with a value of a
// write-only attribute.
func forgetAdopt(_ context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	attributes := map[string]json.RawMessage{}
	err := json.Unmarshal(req.RawState.JSON, &attributes)
	attributes["adopt"] = json.RawMessage("null")
	var upgraded []byte
	if err == nil {
		upgraded, err = json.Marshal(attributes)
	}
	if err != nil {
		// The text of err may quote the state.
		resp.Diagnostics.AddError("Cannot upgrade the state of the resource",
			"Invalid data: this provider did not write it. Remove the resource from the state with \"terraform state rm\" and import it again.")
		return
	}
	resp.DynamicValue = &tfprotov6.DynamicValue{JSON: upgraded}
}
