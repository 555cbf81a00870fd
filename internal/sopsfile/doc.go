// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package sopsfile reads manifests: SOPS files in YAML or JSON whose tree contains the
// address of each secret, workflows.<workflow>.<secret>. It also reads dotenv, INI and
// binary files of SOPS, whose workflow comes from the configuration.
//
// Verify applies every rule that needs no key. Decrypt decrypts a verified manifest
// with the given keys and checks the MAC of the file.
//
// # Guarantees
//
//   - A value can be decrypted only at the workflow and name it was encrypted for. SOPS
//     authenticates a value with its key path, joined by ":". Names contain no ":",
//     secrets are at one depth, and lists are refused, so two addresses never share a
//     path.
//   - Only verified values are decrypted. The plain syntax is parsed first, without
//     SOPS. SOPS then parses the file again and must find the same list of paths and
//     texts. Comments never reach the cipher.
//   - Only the given keys are used: no environment, no home directory, no command and
//     no agent. A file contains addresses of key servers; a server is called only if
//     the configuration of the keys lists the same key (package keyring).
//   - A data key that is split between key groups needs as many groups as the threshold
//     in the file; with a lowered threshold nothing can be decrypted.
//   - No error and no formatted type of this package contains a value, a ciphertext, a
//     MAC or a private key. The errors of SOPS can contain all of these and are dropped.
//     A panic in SOPS fails only that file.
//
// # Limits
//
// Absence is not authenticated: a file without a secret, an older copy of a file, and a
// file copied from another directory are all valid. In a mapped file neither the
// workflow nor the name of a binary file is authenticated. Names are not encrypted.
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
// /etc/sops/audit.yaml before main: a malformed file panics, and the database that it
// names is connected to, independently of this package. The file exists only if an
// administrator created it. Audit events contain no file name from this package.
//
// SOPS has its own loggers, which print the text of comments in some entries. The first
// Verify or Decrypt of the process silences all of them; importing this package alone
// changes nothing.
package sopsfile
