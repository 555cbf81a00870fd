// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package syncer brings what is committed in git to Vault: the sync controller.
//
// A round is one pass over one source: read the commit, verify and decrypt its
// manifests, observe Vault, plan, apply, report. The state of a source lies in
// Vault, in the records that this controller left; nothing is kept on disk.
//
// # Promises
//
// Files are read from a commit, never from the work tree. A file that fails is
// named with all that is wrong in it, nothing of it is applied, and it blocks
// no other file. Two files that claim one secret leave it as it is. A source
// writes only the workflows that its configuration lists.
//
// What vanished from git is deleted, softly, only where this source's record is
// on it, only if the commit it came from is an ancestor of this one, never in a
// round in which anything failed, and beyond the limits only with approval.
// accidents_test.go has a test for every accident that users of such tools told of.
//
// The same commit applied again writes nothing, and what was only encrypted again
// changes records alone where there is a fingerprint key. Only files that changed
// are read and opened; values are opened again, file by file, for what is written,
// and none stays in memory.
//
// # Trust
//
// Decryption keys belong to a source. A plain text lives in a secrets.Value
// between its manifest and the Vault request; no plan, report, log or error
// holds one. Repositories, manifests and Vault's answers are hostile input.
//
// # What this package must not do
//
// It never imports the provider, speaks to Vault through internal/secrets only,
// and to SOPS and git through internal/sopsfile and internal/gitsource only.
// Plan is a pure function; what talks to git and Vault is thin.
package syncer
