// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package session keeps the sessions of the web page in memory.
//
// # Promises
//
// The content of a session, such as a Vault token, is sealed under a key that only the
// ticket in the browser's cookie contains. The store has the hash of the ticket. So a copy
// of the store opens nothing without the tickets, and a ticket opens nothing after End, or
// once the session has ended by time: the content is gone.
//
// A session ends after a time without a request, and after a total time. The number of
// sessions is limited, in total and for one person: beyond a limit, the one that was not
// used for the longest time ends.
//
// # Limits
//
// The sessions of a process end with it, and a second replica does not know them.
package session
