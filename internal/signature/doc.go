// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package signature tells who signed a git commit or tag, by keys that an operator lists.
//
// It promises:
//
//   - A signature counts only if it is good, over this very object, and made by a key that is listed and valid now. Now,
//     and not at the date in the commit: whoever holds a key, an expired or stolen one as well, writes that date. So a
//     commit whose signer's key expires stops being accepted; a new commit by somebody with a valid key is the remedy.
//   - SSH signatures (the format of OpenSSH's PROTOCOL.sshsig) count in the namespace git, by SHA-256 or SHA-512, and never
//     with RSA over SHA-1. The list is a file of allowed signers as in ssh-keygen(1), with the options namespaces,
//     valid-after and valid-before. A key is revoked by removing its line.
//   - OpenPGP signatures count if their key is in the listed key files, has not expired, and is not revoked there. Keys are
//     looked up nowhere else.
//   - It runs no program and reads nothing but the listed files: no gpg, no ssh-keygen, no keyring of anybody's.
//
// What is verified is one object. A commit names its tree and its parents by their hash, so their content is what the
// signer had; but that somebody signed the parents is not claimed. Nor does a signature say that a commit is the newest:
// whoever can move a branch can move it to any signed commit.
//
// It must not know where objects come from, nor what is done with the answer. Not supported, and said so: certificates
// of OpenSSH (cert-authority), S/MIME.
package signature
