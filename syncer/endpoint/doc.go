// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package endpoint serves HTTP to clients that are not authenticated yet.
//
// # Promises
//
// A client that connects and sends nothing, or sends slowly, does not lock out one that
// sends. Headers, bodies, answers and idle connections have deadlines. The number of
// connections is limited, in total and by client. Beyond a limit the new connection is
// accepted and another one is closed: of the client with the most connections, the one
// whose request began first. So a client can crowd out only its own connections, and a
// reverse proxy, which connects for all its clients from one address, is never refused.
//
// A web page cannot read an endpoint by DNS rebinding: OnlyHosts answers requests for a
// name only if it is listed.
//
// A connection ends with a request whose body has no length. So bytes that a proxy in
// front takes for a part of such a body are never read as a request.
//
// A certificate, its key and a token may be replaced at any time. What cannot be used leaves
// the one before in use, and is logged once for each change. A token is compared in constant
// time.
//
// What net/http reports goes to the configured logger, at a limited rate.
//
// # What this package must not do
//
// It must not read what a proxy claims about its client, such as X-Forwarded-For: any
// client can send it. It must not log what a client sent.
package endpoint
