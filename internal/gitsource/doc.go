// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitsource reads files from a commit of a local git repository.
//
// It promises:
//
//   - Files come from a commit, never from the work tree: no incomplete file, no uncommitted secret, no filter, and no
//     link that is followed.
//   - A listing is complete or an error. A file that cannot be read is an error with its name; the others are read.
//   - All that it returns is what the id of the commit or tag object promises: it is hashed down to the content of each file,
//     and along the history. What a ref points to is not checked; package signature checks who signed it.
//   - It writes nothing: no lock, no index refresh, no ref, no object, and it fetches no missing objects.
//   - Its memory is bounded: entries and bytes of a listing, bytes of a file, bytes of git's output.
//   - An error contains no content of a file, and only printable text of a repository on one line.
//
// It must not decrypt, parse or judge what it reads, and it must not trust a repository: everyone who can push can commit
// anything, and an attacker may have written the configuration inside a git directory.
//
// # What a repository can make git do, and what prevents it
//
// Only these commands run, all built into git and all reading: version, rev-parse, for-each-ref and cat-file. None of them runs a hook, an alias (a built-in command cannot be one), a filter, a text conversion, a
// credential helper or a signature check. The remaining risks:
//
//   - Programs. PATH and GIT_EXEC_PATH name no folder, so git finds neither itself nor a helper to start. Open starts git
//     by its absolute path. (A wrapper script in place of git has no PATH.)
//   - Promisor remotes: for a missing object git fetches, with a transport, an ssh command or an ext:: helper from the
//     repository's configuration. GIT_NO_LAZY_FETCH stops that in recent versions. For older ones, GIT_ALLOW_PROTOCOL
//     allows no transport and, unlike protocol.allow, takes precedence over a protocol.ext.allow in the repository; and
//     the fetch, a program of its own, is not found. (Older versions refuse to list a commit with a missing file; recent
//     ones report the file.)
//   - core.fsmonitor and core.hooksPath are off, although no command here reads an index or runs a hook. core.pager and
//     pager.* are off, too; they need a terminal anyway.
//   - Configuration from elsewhere: the system's and the user's are not read, HOME does not exist, and no variable of this
//     process is passed on, such as GIT_DIR, GIT_CONFIG_COUNT and GIT_TRACE. include.path in a repository can name any
//     file, but git reads it as configuration and prints at most a line number of it.
//   - core.worktree can name a folder that does not exist, with which every command fails; --work-tree overrides it.
//   - Discovery: --git-dir sets the git directory, so git does not search parent folders. It also turns off the check of
//     safe.directory; the operator has configured this repository, and the other measures replace that check.
//   - Changed objects: git hashes an object when it arrives, and never again. Everyone who can write to the folder of
//     objects can put another valid object under an id, loose, in a pack or by the index of a pack. So this package
//     hashes all that it reads, from the tag object or commit to each file, and each commit of a history, in both object
//     formats, and compares the hash with the id that the ref or the object above names.
//   - Replace refs and grafts substitute objects: both are off. The commit graph, a cache of parents and trees, is not
//     used. The list of commits at which a shallow repository ends is not used either: a history ends where a commit is
//     missing, and then an answer is Unknown.
//   - Alternates, a commondir file and a .git file can point to another repository on this machine. Git follows them,
//     because linked worktrees and shared clones need them. Everyone who can write them can also move the branch.
//   - Ambiguous names: a branch is identified by its full ref name, and a commit by its full object id.
//   - Entries that only a forged tree can have (`..`, a slash inside a name, a duplicate name) and names that are not
//     printable are rejected one by one.
//
// The memory of git is bounded (Repository.LimitMemory), and so is the time of each command and of each answer
// (gitcommand.DefaultTimeout): a git that does not answer, as on a file system of the network, is an error. When this time
// or the context ends, the whole process group of git is killed.
//
// The package runs on Unix.
package gitsource
