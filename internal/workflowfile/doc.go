// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package workflowfile finds the references to secrets and connections in a workflow file
// of Relay, GitHub Actions or GitLab, and compares them with those that exist.
//
// A file of Relay is YAML with steps and triggers. Relay resolves references only in a step's
// spec, env and when, and in the spec and env of a trigger's source. Their forms are
//
//   - templates: ${secrets.name}, ${secrets['a name']}, ${connections.aws.prod},
//     alone, inside longer text, and inside calls and operations;
//   - tags: !Secret name, !Connection [type, name], !Fn.concat [...];
//   - the objects that tags stand for: {$type: Secret, name: name}.
//
// The package parses all forms as Relay's own parser does: expressions are tokens of
// text/scanner with the operators of relay-core's path language. A problem is text that
// Relay refuses: it fails the step before its start. A warning is a text that looks like
// a reference and that Relay does not resolve. A reference whose name is known only at
// run time (${secrets[parameters.stage]}) is Dynamic; a reference to all secrets
// (${secrets}) is All.
//
// Files of GitHub Actions and GitLab name paths of Vault. The package reads the input
// "secrets" of hashicorp/vault-action (path key | NAME; ...) and the keyword secrets:vault
// of GitLab (path/field@mount, or a mapping), as these programs parse them. A path with an
// expression or a variable is Dynamic, with a warning. Other texts that contain a path of
// secrets are a warning, because no reader of them is documented.
//
// Input is hostile: size, depth and the expansion of aliases are bounded, and time is
// linear in the size. The package is pure: it must not open files, send requests or
// handle values.
package workflowfile
