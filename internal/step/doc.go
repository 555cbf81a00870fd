// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package step is the reading side: it gives one command, a step, the secrets of its workflow.
//
// It is the only package that reads values: it alone sends GET to data/, and only relay-step
// imports it (.golangci.yml). It promises:
//
//   - A value exists from Vault's answer to the start of the command, as a Value, which prints
//     as (sensitive). No error, no output and no argument contains it. It reaches the
//     environment of the command, or files that only its user can read; and, as GitHub's
//     command add-mask, the standard error of a job.
//   - It decodes what Relay's reader decodes, in the same way (ARCHITECTURE.md, Transfer
//     encoding).
//   - A secret that is missing, deleted or denied is an error before the command starts. All
//     of them are in it.
//   - The token of a login is revoked before the command starts.
//   - Files are removed when the command has ended, also if this program is killed.
//
// It must not write to Vault, and must not print a value.
package step
