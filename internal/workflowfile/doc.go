// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package workflowfile reads a Relay workflow file and says which secrets and
// connections its steps and triggers use, and where.
//
// A file is YAML with steps and triggers. Relay resolves references in a step's
// spec, env and when, and in the spec and env of a trigger's source, and nowhere
// else. They are written as
//
//   - templates: ${secrets.name}, ${secrets['a name']}, ${connections.aws.prod},
//     alone, inside longer text, and inside calls and operations;
//   - tags: !Secret name, !Connection [type, name], !Fn.concat [...];
//   - the objects that tags stand for: {$type: Secret, name: name}.
//
// The package reads all of them as Relay's own parser does: its expressions are
// tokens of text/scanner with the operators of relay-core's path language, and
// what Relay refuses, which fails a step before it starts, is a Problem here.
// What Relay accepts but does not resolve is a Warning. A reference whose name is
// known only in a run (${secrets[parameters.stage]}) is Dynamic, one that takes
// all there are (${secrets}) is All.
//
// Input is hostile: its size, its depth and what aliases make of it are bounded,
// and time is linear in the size. The package is pure: it opens no file, asks no
// service and knows no value. It must not import the rooms that do.
package workflowfile
