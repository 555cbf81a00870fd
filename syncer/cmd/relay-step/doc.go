// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command relay-step gives the secrets of a workflow to a command that a CI job runs.
//
// It contains flags and wiring only: package step reads and starts the command, and package
// metadataapi evaluates a step of a Relay workflow file. It has the reader's policy, reads for
// one command, and prints no value but GitHub's command add-mask. It must not import package
// syncer, and links neither SOPS nor git.
package main
