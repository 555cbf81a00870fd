// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command oidc-provider runs a real OpenID provider with a login page, for tests and the
// demo of the web page. It is the example server of github.com/zitadel/oidc, with people
// and a client of the caller's choice, on a loopback address only.
//
// It reads its configuration as one JSON object from standard input, prints one line of
// JSON with its issuer when it is ready, and stops when standard input ends:
//
//	{"client_id": "vault", "client_secret": "…", "redirect_uris": ["http://127.0.0.1:8250/callback"],
//	 "people": [{"email": "ada@example.com", "password": "…"}]}
//
// People log in with their email address.
//
// It must not be used for production data: it keeps passwords in clear and accepts plain
// HTTP.
//
// It is a Go module of its own, to keep its dependencies out of the provider's go.mod.
package main
