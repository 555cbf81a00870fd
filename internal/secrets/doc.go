// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package secrets is the shared client of the Terraform provider and the sync
// controller, with the terms of both: address, value, owner, record, drift.
//
// # Promises
//
// No value is read back: everything here, drift detection included, works with
// a token whose policy has no read on data/. A plain text exists in a Value
// only, which prints as "(sensitive)", and becomes a string in the one call that
// sends it.
//
// No value of another owner is lost: every data write carries check-and-set against
// the version that the decision was made from. Only Write.Adopt writes what another
// owner wrote, and only its owner deletes it.
//
// # The protocol
//
// Each owner keeps a Record of its last write in the secret's custom_metadata,
// under a key that only it writes, by PATCH. A record counts if its version
// exists in this entry with its creation time. The owner whose record names the
// current version owns the secret. Without such a record, the owner of the highest record
// is the last owner and may repair the secret. A released record cancels itself and
// all older ones.
//
// A write is two requests: the value, with check-and-set, sent once more only if
// the answer was lost; then the record, retried until it is written or others no
// longer wait for it (settle). The record of a newer version may still follow: the
// last owner repairs it only after settle.
//
// A delete names the version, so that it cannot delete a newer one, and then
// releases the record.
//
// The released record of a version that its owner soft-deleted keeps its other fields.
// An undelete writes that record back first and then undeletes the version, so that a
// crash in between leaves a dead version with an owner, and no live unmanaged value.
//
// The protocol was model-checked against several alternatives; change it only together
// with such a check. history_test.go runs it through random histories of two owners,
// an outside writer, crashes and lost answers.
//
// # Limits
//
// This package contains nothing of Terraform, git or SOPS, and does no I/O: a KV sends
// the requests (internal/vaultclient makes one). Decisions are pure functions (Judge,
// permit, settling); the Client only carries them out.
package secrets
