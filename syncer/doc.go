// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package syncer is the sync controller: it applies what is committed in git to Vault.
//
// A sync is one pass over one commit of one source: read the commit, verify and decrypt
// its manifests, observe Vault, plan (package plan), apply, report (packages report and
// render). The state of a source is in Vault, in the records that this controller wrote;
// nothing is kept on disk.
//
// # Promises
//
// The controller reads files from a commit, never from the work tree. The commit is
// resolved once: what is noted is what is applied. A file that fails is reported with all
// its problems, nothing of it is applied, and it blocks no other file. Two files that
// claim one secret leave it as it is. A source writes only the workflows and connections
// that its configuration lists.
//
// A secret that no file has any more is deleted, softly, only if this source's record is
// the last on it, and never in a sync in which anything failed; beyond the limits, and if
// the commit that it came from is not an ancestor of this one, only with approval. Each
// message names a way out: advice_test.go follows all of them. accidents_test.go has a
// test for every accident that users of such tools reported.
//
// The same commit applied again writes nothing, and a file that was only re-encrypted
// updates records alone if there is a fingerprint key. Only files that changed are read
// and decrypted; values are decrypted again, file by file, for what is written, and none
// stays in memory. For a few files their data keys stay from the plan until then.
//
// The daemon retries everything that may change without a commit: soon, at once after a
// file or a command may have removed the cause, and on request.
//
// # Trust
//
// Decryption keys belong to a source. A plain text exists in a secrets.Value between its
// manifest and the request to Vault; no plan, report, log or error holds one.
// Repositories, manifests and Vault's answers are hostile input.
//
// # What this package must not do
//
// It never imports the provider. It reaches Vault through internal/secrets only, and SOPS
// and git through internal/sopsfile and internal/gitsource only.
package syncer
