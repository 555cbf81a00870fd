// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package signature verifies who signed a git commit or tag, by keys that an operator lists.
//
// It guarantees:
//
//   - A signature counts only if it is valid, covers this very object, and its key is listed and valid now. The date in
//     the commit does not count: the owner of an expired or stolen key can write any date. A commit whose signer's key
//     expires is no longer accepted; sign a new commit with a valid key.
//   - SSH signatures (OpenSSH's PROTOCOL.sshsig) count in the namespace git, with SHA-256 or SHA-512, and never with RSA
//     over SHA-1. The list is a file of allowed signers as in ssh-keygen(1), with the options namespaces, valid-after and
//     valid-before. To revoke a key, delete its line.
//   - OpenPGP signatures count if their key is in the listed key files, has not expired, and is not revoked there. No
//     other place is searched for keys.
//   - It runs no program and reads only the listed files: no gpg, no ssh-keygen, no user's keyring.
//
// It verifies one object. A commit contains the hashes of its tree and its parents, so their content is what the signer
// had. It does not verify signatures of the parents, nor that a commit is the newest: a person who can move a branch can
// move it to any signed commit.
//
// Certificates of OpenSSH (cert-authority) and S/MIME are not supported; the errors name them.
//
// It must not depend on where objects come from, nor on what the caller does with the result.
package signature
