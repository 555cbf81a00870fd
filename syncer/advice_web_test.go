// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

// webAdvice is the advice of the web page and of the user API.
var webAdvice = []advice{
	{message: "Hint: log in with the vault command, and use the token", test: "TestLoginWithSecondStep"},
	{message: "Vault returned no address of a login page", test: "TestOIDCLoginNeedsTheRedirectURIInTheRole"},
	{message: "cannot be undeleted: %w; write it again", test: "TestConnectionsOfAPerson"},
	{message: "a secret with this name already exists; replace it instead", test: "TestFormWithErrorsKeepsAllButTheValue"},

	{message: "a connection with this type and name already exists; replace it instead", test: "TestConnectionThatExistsIsNotAdded"},

	{message: "too many requests are under way at once; wait for the answers of the others", test: "TestTooManyRequestsOfOneTokenAreRefused"},
	{message: "; write it as base64, and decode it in the step", test: "encoding.txt"},
	{message: "no Vault token was sent", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "this API reads no cookies; send your Vault token as Authorization: Bearer TOKEN", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "the header must be Authorization: Bearer TOKEN, once", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: GET /api/openapi.json lists all operations", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: send JSON with the header Content-Type: application/vnd.puppet.relay.v20200615+json", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: GET the list for the names that exist; POST creates a new one", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "already exists; nothing was written", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: replace its value with PUT, and then delete it", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "if it was longer, set it on the web page or with relay-sync secret set", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: only a takeover changes it, on the web page", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: the workflow has its id in latest_revision", test: "TestAdviceOfAnErrorLeadsToSuccess"},
	{message: "Hint: an administrator sets the domain in its configuration: vault.domain", test: "TestAdviceWithoutADomainNamesTheSetting"},
	{message: "Hint: the change may have been made. List the secrets before you send the request again", test: "TestLostAnswerAdvisesToListFirst"},
	{message: "Hint: list the secrets, and send the request again if it is still right", test: "TestLostAnswerAdvisesToListFirst"},
}
