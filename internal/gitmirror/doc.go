// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitmirror keeps a local copy of one ref of a remote git repository, for package gitsource to read.
//
// It promises:
//
//   - An update asks the remote where the ref points, with git ls-remote, and fetches only if the mirror has another
//     object there. It follows the remote also if history was rewritten; whether that is allowed is decided elsewhere.
//   - A mirror that can be read is the result of a fetch that succeeded. A fetch that fails leaves the mirror as it was,
//     also if git, this process or the machine stops. The next fetch removes the leftovers, and replaces a damaged mirror
//     by one that it builds beside it.
//   - Credentials stay in this process. They are in no argument, environment, configuration or file of another process,
//     and in no error.
//   - What a remote can cause is bounded: the time of a listing (1 minute), of an update (Config.Timeout) and of a
//     silence (1 minute), the bytes of the listing of refs (64 MiB), and those of the mirror with a fetch
//     (Config.MaxBytes).
//   - Several processes can share a folder: each waits for the other.
//
// It must not read files of a commit, and must not touch a repository that it has not created itself.
//
// # How git reaches the remote
//
// Git's own transports need helper programs (git-remote-https with its library, ssh with its configuration and its
// agent), and credentials where such a child finds them. This package gives git a socket instead: git lists and fetches
// from fd::3 (git-remote-fd(1)), and this process forwards the connection to the remote, over SSH by
// golang.org/x/crypto/ssh, over HTTPS by package httpclient. It interprets git's protocol only to find where a request
// ends. Package gitcommand restricts git, with a folder of programs that contains only git, and fd as its only transport.
//
// Over HTTPS each request of protocol 2 is complete by itself, so it is forwarded as it is. An older server needs the
// previous requests again in each request, which only git's helper does. Therefore git does not negotiate with such a
// server (fetch.negotiationAlgorithm=noop), and the server sends everything at each fetch. All large git hosts support
// protocol 2.
//
// # Attacks by a remote, and what prevents them
//
//   - Impersonation: certificates are checked against the system's authorities or the configured ones, with TLS 1.2 or
//     later; host keys only against the configured known_hosts file, which is required. Nothing is trusted at first use.
//   - Redirecting credentials: a redirect is followed only to a host that the configuration lists.
//   - A damaged pack, or malformed objects: git checks all objects (transfer.fsckObjects), and keeps them packed, so that
//     nothing small becomes large on disk.
//   - Running programs: git has no program but itself, hooks are off, submodules are not entered, and the mirror's
//     configuration is this package's.
//   - Objects that need much memory: Config.Memory limits what git allocates at once. An update that needs more fails, and
//     the mirror stays as it is.
//
// The package runs on Unix.
package gitmirror
