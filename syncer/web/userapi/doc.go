// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package userapi serves the user API under /api, in the shapes of Relay's API, so that
// Relay's own command line works with it unchanged.
//
// # Promises
//
// A request acts as the person whose Vault token is its bearer token, and Vault decides
// what that person may do. Cookies are not read, so a browser's request from another site
// has no rights. Every write goes through package manual, with check-and-set against what
// the request observed.
//
// No response and no log has a value. A posted value is in memory for one request.
//
// Every response has a JSON body. An error has the envelope that Relay's command line
// reads, also for an unknown path: that command line ends with a panic if the JSON of an
// error has no "error", or if the response to a change has no "secret".
//
// # Limits
//
// The caller must pass the path of a request as the client sent it: http.ServeMux would
// answer a path such as "a/../b" with a redirect.
package userapi
