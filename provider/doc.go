// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side of workflow secrets: it pushes
// setPolicy-only values into workflow scopes in Vault and shows drift in the plan.
//
// # Promises
//
// A value is read from the configuration, inside the call that sends it, and
// goes nowhere else: not to state, plan, private state, log or diagnostic.
//
// A value is sent only on create, when value_wo_version changed, or to repair
// drift; and only if the secret is still what the plan was made from.
//
// A plan says what happened to a secret, in words. An apply that succeeds leaves
// drift at "in sync", and the plan after it is empty.
//
// A secret that another owner holds, or that exists already, is taken over only
// with adopt = true.
//
// # How a decision travels
//
// Read puts what it saw into the computed attributes and, for the machine, into
// the resource's private state (memory). ModifyPlan decides from these alone
// (decide, a pure function) and writes the decision into the plan: a version
// that is "known after apply" means that the value will be sent. Create and
// Update do what the plan says.
//
// # What this package must not do
//
// It speaks to Vault through internal/secrets only, and knows nothing of git or
// SOPS.
package provider
