// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package foreign makes text of others printable: names and messages from a repository,
// from Vault, from a server or from a library.
//
// A foreign text must not control the terminal, forge a line, hide or reorder what stands
// beside it, or be a command of the CI system that runs this program. So:
//
//   - Line, Short, Quote and Lines escape each character that is not a visible letter, mark,
//     number, sign or space: control characters, line breaks, bidirectional controls,
//     characters without a width, tags, unassigned and private characters. They escape
//     invalid UTF-8, too.
//   - They escape what a CI system takes as a command: "::" at the start of a line, after
//     spaces, too (GitHub), and "##[", "##vso[" and "##teamcity[" anywhere in it (GitHub,
//     Azure, TeamCity), and "--- ", "+++ ", "~~~ " and "^^^ " at the start of a line, which
//     hide the lines below (Buildkite); a "---" alone, as in YAML and Markdown, stays. The
//     sections of GitLab and the marks of Jenkins and Travis need a control character.
//   - An escape is one of JSON, so that the same function serves text, JSON and log lines,
//     and a JSON document has the same value afterwards. Only a byte that is not UTF-8, which
//     no JSON document has, is escaped as \xNN. A backslash stays as it is: what was escaped
//     before does not change.
//
// Writer is the last line of defence of a program: every line that leaves it is a Line.
//
// The package does not decide what is confidential: a value never reaches it.
package foreign
