// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package person determines who a person or a team is, from the token of a person, and
// what the token may do.
//
// # Promises
//
// A person is an entity of Vault's identity store, and nothing that a token can choose:
// display names collide between auth mounts, and child tokens choose their own. The
// owner of a person is "person/<readable>-<hash>", and only the hash of the entity's id
// compares. The readable part is for people who read lists.
//
// Any token that may patch the path of a team acts for it. Nothing is ever written there.
//
// A token without an entity, and a batch token, write nothing: no
// person would be known for what they wrote, and a batch token cannot be revoked.
//
// Rights and workflows are for a page that shows what is possible. They permit nothing:
// Vault decides at each request. They come from the table of internal/capability.
//
// # Limits
//
// The package sends nothing by itself: a vaultclient.Directory does. It has no policy of its own;
// who may do what is decided by Vault.
package person
