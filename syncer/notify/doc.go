// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package notify tells the world outside what became of a revision: as a commit
// status at GitHub, GitLab, Gitea or Forgejo, or as a signed webhook.
//
// # Promises
//
// It never holds up a round: Tell returns at once, queues are bounded, and each
// target has a worker of its own that tries again for a while. What could not be
// told is logged and counted, and changes nothing else.
//
// A revision is told of when its outcome changes, not at every look at it. After a
// restart the first outcome of each source is told again.
//
// A commit status holds counts alone, because who may see a repository's statuses
// need not see which workflows exist. The signed webhook names workflows and
// secrets, in the sentences of the controller's own status. Neither holds a value.
//
// A token goes to the configured address only: over TLS (or to this machine), and
// never along a redirect, which could lead anywhere. It is read from its file for
// every message, since some live for an hour.
//
// # What this package must not do
//
// It never imports the syncer, believes nothing of an answer but its status, and
// puts nothing of a token, a path of a URL or an answer's body in an error.
package notify
