// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package notify reports the outcome of a revision: as a commit status at GitHub,
// GitLab, Gitea or Forgejo, or as a signed webhook.
//
// # Promises
//
// A notification never delays a sync: Send returns at once, queues are bounded, and
// each target has its own worker, which retries for a limited time. A notification
// that fails is logged and counted, and has no other effect.
//
// A target is notified when the outcome of a revision changes, not after every
// sync. After a restart, but not after a reload of the configuration, each target is
// notified of the first outcome of its source.
//
// A signed webhook is notified once of each plan that waits for approval, then at an
// interval, without a sync, and at last that the plan was approved or is obsolete.
//
// A commit status holds only counts, because not everybody who sees the statuses of
// a repository may know which workflows exist. The signed webhook names workflows
// and secrets, in the sentences of the controller's status. Neither holds a value.
//
// A credential is sent only to the configured address, over TLS (or to this
// machine), and never along a redirect. It is read from its file for every message,
// because some tokens are valid only for an hour.
//
// # What this package must not do
//
// It must not import syncer, use anything of an answer but its status, or put a
// token, the path of a URL or the body of an answer into an error.
package notify
