// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

// commandAdvice is followed by scripts, which run the commands that it names.
var commandAdvice = []advice{
	{message: "Hint: log in with an auth method for people", test: "advice_secret.txt"},
	{message: "Hint: let the auth method issue service tokens", test: "TestTokensWithoutAPersonDoNotWrite"},
	{message: "Hint: add to a policy of the token:", test: "advice_secret.txt"},
	{message: "is required; set it, or run vault login", test: "advice_secret.txt"},
	{message: "the value has several lines: nothing was written. Hint: use --from-file", test: "advice_secret.txt"},
	{message: "the two values differ: nothing was written. Hint: for a value with several lines use --from-file", test: "advice_secret.txt"},
}
