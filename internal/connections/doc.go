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
// A reader reads the pointer, lists the body and reads its fields, one after the other.
// It never gets half of two connections, or a part of one: a change writes a whole body
// under a fresh id, changes no existing one, and only then moves the pointer, by the write
// protocol of package secrets; a deletion deletes only the pointer. After any crash the
// pointer names a whole body.
//
// The record of the connection names the live body, the number of its fields, and the
// bodies that it replaced, also after its release. CleanUp deletes a replaced body, and
// those of a deleted pointer, once the pointer has not named them for the grace period: no
// reader that read the pointer before is still reading then. It finds a body that a crash or
// a failed record left by its id, which contains a hash of owner and connection, and reads no
// body that is live or was deleted before. So does a change whose record drops a name.
//
// No value is read back here either. Drift is judged from the metadata of the pointer
// and of the fields, so that a field that another writer wrote, added or deleted shows.
//
// # Limits
//
// This package decides nothing about owners: package secrets does. It contains nothing
// of Terraform, git or SOPS.
package connections
