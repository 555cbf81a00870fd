// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command wordcheck refuses words that the glossary in CONTRIBUTING.md replaces.
//
// Usage, from the root of the repository:
//
//	go run ./internal/tools/wordcheck [PATH...]
//
// It reads every file that git tracks below the paths, also names inside
// identifiers, and prints one line for each word that must change. The glossary is
// the only list of words: what its third column has in backticks is refused.
// allowed.go lists the exceptions, each with its reason. The exit code is 1 if a
// word must change or if the check itself fails.
package main
