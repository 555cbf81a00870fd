// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitcommand runs the git command, locked down.
//
// It promises:
//
//   - git sees none of this process's environment, no configuration of the system or the user, and no folder with
//     programs: it can start neither a helper, a hook, a pager, an ssh nor itself, and no transport is allowed.
//   - A Git that was given tools (see Git.Fetching) can start what lies in that one folder, and may speak over the
//     descriptor that it inherits (git-remote-fd(1)); it still cannot connect to anything by itself.
//   - What git says is bounded and reaches errors as one printable line; when the context ends, git's whole process group
//     is killed.
//
// It must not know what is asked of git. What a hostile repository could do, and why it can't here, is in the
// documentation of package gitsource.
//
// The package runs on Unix.
package gitcommand
