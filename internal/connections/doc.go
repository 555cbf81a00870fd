// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package connections writes Relay's connections: typed, named sets of fields that
// every workflow may use.
//
// # Layout (ARCHITECTURE.md, Connections)
//
//	<mount>/data/connections/<domain>/<type>/<name>   the pointer: the id of the live body
//	<mount>/data/connections/<domain>/<id>/<field>    one entry per field of the body
//
// # Promises
//
// A reader takes the pointer, lists the body and reads its fields, one after the
// other. It never gets half of two connections: a change writes a whole body under a
// fresh random id, touches no existing one, and only then moves the pointer, by the
// write protocol of package secrets. Whatever crashes, the pointer names a whole body.
//
// The pointer's record stands for the body: it names the live body, how many fields
// it has, and those that it replaced. A replaced body is soft-deleted by a later
// change or by Tidy, once the pointer has named another one for grace: no reader that
// took the pointer before is still reading then. A body that a crash left behind is
// found by the mark on its fields, and deleted by Sweep.
//
// Nothing is read back here either. Drift is judged from the metadata of the pointer
// and of the fields: a field that somebody wrote again, added or deleted shows.
//
// # What this package must not do
//
// It decides nothing about owners: package secrets does. It knows nothing of
// Terraform, git or SOPS.
package connections
