// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform provider relay: it writes write-only values to
// workflow secrets in Vault and shows drift in the plan.
//
// # Guarantees
//
// The provider reads a value from the configuration in the call that sends it. The
// value is in no state, plan, private state, log or diagnostic.
//
// The provider sends a value on create, when value_wo_version changes, and to repair
// drift, and only if the secret has not changed since the plan.
//
// The plan describes the drift of each secret. After a successful apply, drift is
// "in sync" and the next plan is empty.
//
// The provider takes over an existing secret, or one of another owner, only with
// adopt = true.
//
// Every diagnostic and every error of a function is printable text: protocol.go escapes
// the others' names and messages in it (package foreign).
//
// # How a decision reaches the apply
//
// Read stores what it observed in the computed attributes and in the private state of
// the resource. ModifyPlan decides from these alone (decide, a pure function) and
// stores the decision in the plan: a version that is "known after apply" means that the
// apply sends the value. Create and Update do what the plan contains.
//
// # Files
//
// The prefix of a file is the kind of what it defines: resource_, data_source_,
// list_resource_, function_, provider_ (the provider block). resource_base.go,
// decision.go, options.go, computed_attributes.go and private_state.go contain what
// resources share; backend.go is the configured Vault client behind them.
//
// # Limits
//
// The package uses Vault through internal/secrets and internal/connections only. It
// imports neither git nor SOPS.
package provider
