// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitsource reads files from a commit of a local git repository.
//
// It promises:
//
//   - Files come from a commit, never from the work tree: no half-saved file, no uncommitted secret, no filter, no
//     link that is followed.
//   - A listing is whole or an error. A file that cannot be read is reported by its name, and the others are read.
//   - It writes nothing: no lock, no index refresh, no ref, no object, no fetch of missing objects.
//   - What it holds is bounded: entries and bytes of a listing, bytes of a file, bytes of what git says.
//   - No content of a file is part of an error, and no text from a repository reaches one unless it prints on one line.
//
// It must not decrypt, parse or judge what it reads, and it must not trust a repository: whoever can push can commit
// anything, and the configuration inside a git directory may have been written by somebody else too.
//
// # What a repository could do to git, and what prevents it
//
// Only these commands are run, all built into git and all reading: version, rev-parse, for-each-ref, ls-tree, cat-file
// and merge-base. None of them runs a hook, an alias (a built-in command can't be one), a filter, a text conversion, a
// credential helper or a signature check. What is left was considered one by one:
//
//   - Programs. PATH and GIT_EXEC_PATH lead nowhere, so git finds neither itself nor a helper to start. The git that
//     Open found is started by its absolute path. (A wrapper script in its place has to do without PATH.)
//   - Promisor remotes: a missing object makes git fetch it, with a transport, an ssh command or an ext:: helper from the
//     repository's configuration. GIT_NO_LAZY_FETCH stops that in the versions that know it. For the others,
//     GIT_ALLOW_PROTOCOL allows no transport and, unlike protocol.allow, cannot be overruled by a protocol.ext.allow in the
//     repository; and the fetch, a program of its own, is not found. (Those versions then refuse to list a commit of which
//     a file is missing; newer ones report the file.)
//   - core.fsmonitor and core.hooksPath are switched off, although no command here looks at an index or runs a hook.
//     core.pager and pager.* are off too; they would need a terminal anyway.
//   - Configuration from elsewhere: the system's and the user's are not read, HOME does not exist, and no variable of this
//     process is passed on, so GIT_DIR, GIT_CONFIG_COUNT, GIT_TRACE and their like stay outside. include.path inside
//     a repository can name any file, but git reads it as configuration and shows at most a line number of it.
//   - core.worktree could name a folder that does not exist and stop every command; a work tree of our own overrules it.
//   - Discovery: git is told the git directory and so never looks in parent folders. This also means that safe.directory
//     is not asked; the operator named this very repository, and all of the above stands in for the question.
//   - Replace refs and grafts would show other objects than those that a commit names: both are off. The commit graph, a
//     cache of parents, is not believed either, and the content of every file is hashed and compared with its name.
//   - Alternates, a commondir file and a .git file may point to another repository on this machine. They are honoured,
//     since linked worktrees and shared clones need them. Whoever can write them can also move the branch.
//   - Ambiguous names: a branch is looked up by its full ref name, exactly, and a commit is a full object id.
//   - Entries that only a forged tree can hold (`..`, a slash inside a name, one name twice) and names that don't print
//     are refused file by file.
//
// Not bounded here is the memory of git itself, which a forged pack can drive up, and its time, which the caller bounds
// by the context: when it ends, the whole process group of git is killed.
//
// The package runs on Unix.
package gitsource
