// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitcommand runs the git command with no access to what it does not need.
//
// It promises:
//
//   - git has nothing of this process's environment, no configuration of the system or the user, and no folder with
//     programs: it can start neither a helper, a hook, a pager, an ssh nor itself, and no transport is allowed.
//   - A Git from Git.ForFetch can start the programs in one folder, and can use the descriptor that it inherits
//     (git-remote-fd(1)). It cannot connect to anything by itself.
//   - The memory of git is bounded: what it allocates at once, its caches and its threads.
//   - The output of git is bounded and reaches errors as one printable line. When the context ends, or Git.Timeout, git's
//     whole process group is killed.
//
// It must not know what git is used for. Package gitsource documents what a hostile repository can attempt, and what
// prevents it.
//
// The package runs on Unix.
package gitcommand
