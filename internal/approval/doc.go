// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package approval keeps in Vault who has approved which plan.
//
// An approval is a note under one key of custom_metadata, at a path that contains the id
// of the approver's entity: customers/metadata/relay-sync/CONTROLLER/SOURCE/ENTITY. The
// entry never has a value.
//
// # Promises
//
// Vault decides who may approve: its policy for approvers is for the path of the token's
// own entity. The person is the path, and nothing in the note.
//
// An approval is for one plan id, which covers everything that the plan would do and what
// it was decided from, and it counts for a limited time. The controller removes it before
// the first request that it permits, so no plan is carried out twice by one approval.
//
// # Limits
//
// Who may change Vault's policies can approve everything, and who has the token
// of the controller can, too: it may change the notes that it removes.
//
// Decide is a pure function. Folder sends requests through kv.MetadataStore.
package approval
