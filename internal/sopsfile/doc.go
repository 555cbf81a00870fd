// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package sopsfile reads manifests: SOPS files, YAML or JSON, whose tree is the
// address of each secret, workflows.<workflow>.<secret>. It reads dotenv, INI and
// binary files of SOPS as well, to which a configuration gives the workflow.
//
// Verify applies every rule that needs no key. Decrypt opens a verified manifest
// with the keys it is given and checks the file's MAC.
//
// # What it promises
//
//   - A value opens only at the workflow and name it was encrypted for. SOPS
//     authenticates a value with its key path, joined by ":"; names hold no ":",
//     secrets sit at one depth and there are no lists, so no two addresses share
//     a path.
//   - What was verified is what is opened. The plain syntax is read first and
//     alone; SOPS reads the file again and must find the same list of paths and
//     texts. Only that list is decrypted: comments never reach the cipher.
//   - Only the keys given are used. There is no environment, no home folder, no
//     command and no agent. The file lists addresses of key servers; one is called
//     only if the configuration of the keys lists the same key, as package keyring
//     says.
//   - A data key that is split between key groups opens with as many groups as the
//     file's threshold says; a threshold that was lowered opens nothing.
//   - No error, and nothing that formats a type of this package, holds a value,
//     a ciphertext, a MAC or a private key. SOPS's own errors can hold all of
//     these and are dropped; a panic in SOPS ends that file only.
//
// # What it cannot promise
//
// Nothing authenticates absence: a file without a secret, an older copy of a
// file, and a file copied from another place all open. In a mapped file nothing
// authenticates the workflow, or a binary file's name. Names are in clear and
// unencrypted.
//
// # What it must not do
//
// It is the only importer of sops, and never uses decrypt.*,
// keyservice.NewLocalClient, keyservice.Server or sops.EmitAsMap. A manifest is
// never decoded into Go structs.
//
// # Side effects of linking SOPS
//
// The root package of SOPS imports its audit package, whose init reads
// /etc/sops/audit.yaml before main: a malformed file panics, and one that names
// a database is connected to, whatever this package does. It is absent unless an
// administrator put it there. Audit events carry no file name from here.
//
// SOPS logs through loggers of its own, with the text of comments in some
// entries. The first Verify or Decrypt of the process silences all of them;
// importing this package alone changes nothing.
package sopsfile
