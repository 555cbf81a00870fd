// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package web is the web page on which people add, replace and delete secrets of workflows,
// approve planned changes, and see in one look whether everything is in sync.
//
// # Promises
//
// The page has no token and no key of its own. Every request to Vault has the token of the
// person who is logged in, so Vault's policies decide everything. What comes from the daemon
// was read with the rights of the daemon: a part of it is shown only after capabilities-self
// has shown that the person may see that part in Vault.
//
// No page, header, log line, audit line or file contains a value. A posted value lives in
// memory for one request (package form), and a token sealed by the ticket in the cookie
// (package session).
//
// Every change goes through package manual, with check-and-set against what the page showed:
// a change in between is a conflict, and nothing is written.
//
// No GET changes anything. Requests from other sites, for other host names, and without a
// session are refused before a handler runs.
//
// # Structure
//
// server.go has the routes. guard.go has what protects all of them, visit.go the session of
// a request. Each page is one file with its handlers and what its template shows, beside
// templates/. problem.go decides how an error is shown.
package web
