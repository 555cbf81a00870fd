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
// owner wrote. A removal takes only the version that its Claim names: never one of
// another owner, and never a newer one of the same owner.
//
// # The protocol
//
// Each owner keeps a Record of its last write in the secret's custom_metadata,
// under a key that only it writes, by PATCH. A record counts if its version
// exists in this entry with its creation time. The owner whose record names the
// current version owns the secret. Without such a record, the owner of the highest record
// is the last owner and may repair the secret. A released record cancels itself and
// the older ones of other owners.
//
// A write is two requests: the value, with check-and-set, sent once more only if
// the answer was lost; then the record, retried until it is written or others no
// longer wait for it (settle). The record of a newer version may still follow: the
// last owner repairs it only after settle.
//
// A write whose answer was lost may be the owner's or another writer's: a repair may
// overwrite it, after settle; a removal does not claim it.
//
// One owner can have several writers: the old and the new instance of a replaced
// resource, two copies of a state, two plans. So a removal is bound to what the remover
// wrote (Claim), not to its owner. It deletes the claimed version by number if it is
// current, and then releases the record. If the same owner has recorded a newer
// version, it changes nothing. If another writer's version is current, it only releases
// the record. For a newer version without a record it first waits until no record can
// follow: a release must not replace the record of another writer of the same owner.
// For the same reason a release that is sent again reads the entry first.
//
// The released record of a version that its owner soft-deleted keeps its other fields.
// An undelete writes that record back first and then undeletes the version, so that a
// crash in between leaves a dead version with an owner, and no live unmanaged value.
//
// The protocol was model-checked against several alternatives; change it only together
// with such a check. history_test.go runs it through random histories of two instances
// of one owner, another owner, an outside writer, copied states, imports, saved plans,
// crashes, lost answers, and records that are refused or arrive late.
// history_mutation_test.go shows that they find a removal that loses a value.
//
// # Limits
//
// This package contains nothing of Terraform, git or SOPS, and does no I/O: a KV sends
// the requests (internal/vaultclient makes one). Decisions are pure functions (Judge,
// permit, settling, decideDeletion); the Client only carries them out.
package secrets
