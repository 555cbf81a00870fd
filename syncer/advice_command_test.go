// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

// commandAdvice is followed by scripts, which run the commands that it names.
var commandAdvice = []advice{
	{message: "Hint: log in with an auth method for people", test: "advice_secret.txt"},
	{message: "Hint: let the auth method issue service tokens", test: "TestTokensWithoutAPersonDoNotWrite"},
	{message: "Hint: add to a policy of the token:", test: "advice_secret.txt"},
	{message: "host name not allowed. Hint: use an IP address, or add the name to %s in the configuration of relay-sync", test: "endpoints.txt"},
	{message: "Hint: grant in a policy of the token:", test: "approve_person.txt"},
	{message: "Hint: use the token of an administrator", test: "approve_person.txt"},
	{message: "the reason has %d bytes: must have at most %d. Hint: refer to a ticket", test: "approve_person.txt"},
	{message: "no approval given: name approvals as --list prints them, or use --expired", test: "approve_person.txt"},
	{message: "Hint: without a configuration, name the daemon", test: "approve_person.txt"},
	{message: "no answer. Hint: check the URL", test: "approve_person.txt"},
	{message: "no terminal to ask. Hint: add --yes, or give the plan as --plan FILE", test: "approve_person.txt"},
	{message: "is in the future; check the clock of the machine that wrote it", test: "TestApprovalDoesNotCount"},
	{message: "it expired at %s; approve again", test: "TestApprovalDoesNotCount"},
	{message: "although Vault accepted it; approve again", test: "TestApprovalThatIsNotKeptIsAnError"},
	{message: "Hint: relay-sync approve --list shows them, and --remove removes those", test: "TestFolderOfTooManyPersonsIsNotRead"},
	{message: "is required; set it, or run vault login", test: "advice_secret.txt"},
	{message: "the value has several lines: nothing was written. Hint: use --from-file", test: "advice_secret.txt"},
	{message: "the two values differ: nothing was written. Hint: for a value with several lines use --from-file", test: "advice_secret.txt"},
	{message: "Hint: run chmod o-r %s; in Kubernetes", test: "advice_command.txt"},
	{message: "the list of workflows is empty: name one, or omit", test: "advice_command.txt"},
	{message: "the list of workflow prefixes is empty: name one, or omit", test: "advice_command.txt"},
	{message: "the list of sources is empty: name one, or omit the list for every source", test: "advice_command.txt"},
	{message: "workflows are named, and an identity names them too: keep one", test: "advice_command.txt"},
	{message: "and an identity names it too: keep one", test: "advice_command.txt"},
	{message: "a team is for people who write secrets: choose a role that does", test: "advice_command.txt"},
	{message: "makes no difference for a program: omit the option", test: "advice_command.txt"},
	{message: "write a number, true or null with quotes in a list:", test: "advice_command.txt"},
	{message: "Relay does not resolve ${...} in %s; write", test: "advice_command.txt"},
	{message: "check each by itself, with --workflow", test: "advice_command.txt"},
	{message: "which recipients in the configuration requires; add it to", test: "advice_command.txt"},
	{message: "no secret given: name secrets as", test: "advice_command.txt"},
	{message: "authentication failed; check the token or the certificate", test: "TestTokenOfAPodIsReadAgain"},
	{message: "no secret given: name at least one as", test: "advice_command.txt"},
	{message: "webhook secret cannot be used, the previous one stays in use: %v. Hint: write a secret", test: "webhook.txt"},
	{message: "required flag --reason is not set%s. Hint: add --reason", test: "advice_command.txt"},
	{message: "Hint: review the new plan", test: "advice_command.txt"},
	{message: "no record without a valid MAC found for %s. Hint:", test: "advice_command.txt"},
	{message: "so no record was signed. Hint: answer yes, or add --yes", test: "advice_command.txt"},
	{message: "several sources may write workflow %q; name one with --source:", test: "advice_command.txt"},
	{message: "already exists; choose another --file", test: "advice_command.txt"},
	{message: "Hint: log in as that person, or use --team", test: "advice_secret.txt"},
	{message: "Hint: to delete it although you do not own it:", test: "advice_secret.txt"},
	{message: "Hint: to take it over:", test: "advice_secret.txt"},
	{message: "Hint: if you gave a value, change it", test: "advice_secret.txt"},
	{message: "Hint: to list all workflows:", test: "advice_secret.txt"},
	{message: "Hint: to list one workflow:", test: "advice_secret.txt"},
	{message: "; to restore it:", test: "advice_secret.txt"},
	{message: "socket is not set in the configuration. Hint: set socket", test: "sync.txt"},
	{message: "no answer. Hint: check that relay-sync run is running", test: "sync.txt"},
	{message: "Hint: check the name in the URL, and the certificate authority in ca_cert", test: "TestUntrustedDaemonReceivesNoToken"},
	{message: "Hint: check that token_file has the token of the daemon's remote_access", test: "TestReplacedTokenIsSentWithTheNextRequest"},
	{message: "socket: another daemon answers at %s. Hint: stop it, or set another socket", test: "sync.txt"},
	{message: "not confirmed, so nothing was removed. Hint: answer yes, or add --yes", test: "tidy.txt"},
	{message: "Hint: to ask a running daemon anyway, name its socket: relay-sync status --socket", test: "reload.txt"},
	{message: "%w; to sign the record after a check:", test: "rotate_fingerprint_key.txt"},
	{message: "Hint: replace the dots of a printed command with the reason", test: "advice_command.txt"},
	{message: "not authentic. Hint: the URL must end with /webhook/", test: "webhook.txt"},
	{message: "contains a revocation of a key that is not in the file", test: "TestEveryBlockOfAKeyFileCounts"},
	{message: "encrypt the files for a modern key", test: "TestAWeakPGPKeyIsRefused"},
	{message: "with this wildcard, the same for each secret; write", test: "TestReadAnyJudgesTheRequestsOfVaultAction"},
	{message: "only one of the values is available; write", test: "TestReadAnyJudgesTheRequestsOfVaultAction"},
	{message: "sign with Ed25519, or with RSA", test: "TestWeakOpenPGPSignaturesProveNothing"},
	{message: "is claimed more than once, also by %s; keep one", test: "verify.txt"},
	{message: "set vault.domain in the configuration to compare", test: "verify_connections.txt"},
	{message: "is not a connection that source %s may write", test: "advice_connection.txt"},
	{message: "the token expires soon; replace it in the file", test: "TestTokenThatEndsSoonIsInTheLog"},
	{message: "a connection cannot be undeleted; put it into a file again", test: "advice_connection.txt"},
	{message: "select this path; name the source with --source", test: "advice_command.txt"},
	{message: "neither socket nor listen is set", test: "sync.txt"},
	{message: "check the credential and its scopes", test: "TestTokenIsReadForEachAttemptAndFailureIsSentAgain"},
	{message: "too many commands wait for a sync; try again later", test: "TestCommandsThatWaitAreLimited"},
	{message: "Hint: run the command where it runs", test: "TestStandbyRefersCommandsToTheLeader"},
	{message: "%s; try again later", test: "TestSourceThatNoReplicaFollowsIsNotReady"},
	{message: "replica %s follows the source. Hint: run the command there", test: "TestReplicaShowsWhichOtherOneFollowsASource"},
	{message: "so it has the plan. Hint: run the command there, or name its endpoint", test: "TestReplicaShowsWhichOtherOneFollowsASource"},
	{message: "Hint: run the command again", test: "TestSyncOfADaemonThatStopsIsAnswered"},
	{message: "Hint: stop the program that uses %s", test: "TestAddressIsBoundAfterTheProgramThatUsesItStopped"},
	{message: "Hint: with a token that may list them, compare:", test: "TestBodiesThatCannotBeListedAreReported"},
	{message: "exclude all but one in workflow_files of source", test: "TestSecondFileOfAWorkflowMustBeExcluded"},
	{message: "which is in the future; set the clock", test: "TestAFileFromTheFutureIsRepairedByRotating"},
	{message: "is not a workflow that source %s may write; add it", begin: adviceAbout("is not a workflow that source ... may write")},
	{message: "%s %s is claimed more than once: %s; keep one", begin: adviceAbout("claimed more than once")},
	{message: "contains no secret and no connection; delete the file", begin: withoutSecrets(func(w *world) {
		w.run("git", "rm", "-q", "-f", "new.yaml")
		w.commit()
	})},
	{message: "or add secrets with sops edit", begin: withoutSecrets(func(w *world) { w.edit("new.yaml", "s/: {}/:\\n        new: value/") })},
}

// withoutSecrets commits a file whose last secret is removed with sops.
func withoutSecrets(follow func(w *world)) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.add("new.yaml", oneSecret)
		w.sops("unset", "new.yaml", `["workflows"]["`+w.workflow(1)+`"]["new"]`)
		w.commit()
		return func() { follow(w) }
	}
}

// notFollowed is the advice that no test follows yet. It only gets shorter: new advice
// comes with its row.
var notFollowed = []string{
	"a VAULT_* variable in the environment is invalid; unset it", // only the provider has them
	"Hint: another command ran as root; run",
	"Hint: it belongs to %s; run the command as that user",
	"permission denied. Hint: run the command as the user of the daemon",
}
