// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package secrets is the shared client of the Terraform provider and the sync
// controller, and its words: scope, name, value, owner, record, drift.
//
// # Promises
//
// No value is read back: everything here, drift detection included, works with
// a token whose policy has no read on data/. A plain text exists in a Value
// only, which prints as "(sensitive)", and becomes a string in the one call that
// sends it.
//
// Nothing is lost and nothing foreign is touched: every data write carries
// check-and-set against the version that the decision was made from, and what
// another owner holds is written only by Adopt and deleted by nobody else.
//
// # The protocol
//
// Each owner keeps a Record of its last write in the secret's custom_metadata,
// under a key that only it writes, by PATCH. A record counts if its version
// exists in this entry with its creation time. Whoever's record is the current
// version holds the secret; if there is none, whoever's is the highest held it
// last and may repair it. A released record cancels itself and all older ones.
//
// A write is two requests: the value, with check-and-set, sent once more only if
// the answer was lost; then the record, retried until it stands or others stop
// waiting for it (settle). A newer version without a record may be somebody's
// write between the two: the last holder repairs it only after settle.
//
// A delete names the version, so that it cannot take a newer one, and then
// releases the record.
//
// The released record of a version that its owner soft-deleted keeps what it said.
// An undelete writes that record back first and then brings the version to life, so
// that a crash in between leaves what the owner holds, and no live value that is
// nobody's.
//
// The protocol was model-checked against several that looked as good; change it
// only together with such a check. history_test.go drives it through random
// histories of two owners, an outside writer, crashes and lost answers.
//
// # What this package must not do
//
// It knows nothing of Terraform, git or SOPS, and leaves HTTP to internal/vault.
// Decisions are pure functions (Judge, permit, settling); the Client is thin.
package secrets
