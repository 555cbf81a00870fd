// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gitmirror keeps a local copy of one ref of a remote git repository, for package gitsource to read.
//
// It promises:
//
//   - The remote is asked where the ref points, and fetched from only where the mirror has it elsewhere. What the remote
//     points to is followed, also where history was rewritten; whether that is welcome is for others to say.
//   - A mirror that can be read is a fetch that succeeded. A fetch that breaks off leaves the mirror as it was, also when
//     git, this process or the machine dies; what is left behind is cleared at the next fetch, and a mirror that is damaged
//     is made anew beside the old one.
//   - Credentials stay in this process: no argument, no environment, no configuration and no file of another process ever
//     has one, and no error does.
//   - What a remote can take is bounded: the time of a look (1 minute), of an update (Config.Timeout) and of a silence (1
//     minute), the bytes of what it tells of its refs (64 MiB), and of the mirror with what a fetch brings
//     (Config.MaxBytes).
//   - Several processes may share a folder: they wait for each other.
//
// It must not read files of a commit, and must not touch a repository that it has not made itself.
//
// # How git fetches without touching the network
//
// Git's own transports would need helper programs (git-remote-https with its library, ssh with its configuration and its
// agent), and credentials where such a child finds them. So git gets a socket instead: it is told to fetch from fd::3
// (git-remote-fd(1)), and this process carries the conversation to the remote and back, over SSH by
// golang.org/x/crypto/ssh, over HTTPS by net/http. What git and the remote say to each other is git's; here it is only
// known where a request ends. Git runs as package gitcommand locks it down, with a folder of programs that holds nothing
// but git, and fd as its only transport.
//
// Over HTTPS each request of protocol 2 stands for itself, so it can be passed on as it is. An older server wants to be
// told anew in each request what was said before, which only git's helper can do; so git is told to say nothing of what it
// has (fetch.negotiationAlgorithm=noop), and such a server sends everything at each fetch. All large forges
// speak protocol 2.
//
// # What a remote could do, and what prevents it
//
//   - Pose as another: certificates are checked against the system's authorities or the configured ones, at least TLS 1.2;
//     host keys against the configured known_hosts file alone, which is required. Nothing is trusted at first use.
//   - Lead credentials elsewhere: no redirect is followed, not even on the same host. The error says where it leads.
//   - Send a pack that is damaged, or objects that only a forger makes: git checks all of them (transfer.fsckObjects), and
//     keeps them packed, so that nothing small becomes large on disk.
//   - Make git run something: it has no program but itself, hooks are off, submodules are not entered, and the mirror's
//     configuration is ours.
//
// Not bounded here is the memory of git while it indexes what was fetched.
//
// The package runs on Unix.
package gitmirror
