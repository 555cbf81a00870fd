// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"slices"
)

// rows is everything that is proven, in the order of the tables.
var rows = slices.Concat(requests, faults, attacks, scale, speed)

// requests are faults at each request; a sample for sets of 20 secrets, and for lost states.
var requests = []row{
	{section: "requests", what: "a fault at each request of each kind of sync", pkg: "./syncer", run: "TestEachFaultAtEachRequestIsOvercome", flags: []string{"-parallel=12"}, args: []string{"-faults.all"}},
	{section: "requests", what: "a fault at each request of an apply of the provider", pkg: "./provider", run: "TestEachFaultAtEachRequestOfAnApplyIsOvercome", flags: []string{"-parallel=12"}, args: []string{"-faults.all"}},
	{section: "requests", what: "a fault at each request of a change on the web page", pkg: "./syncer/web", run: "TestEachFaultOfAChangeOnThePageIsShown", flags: []string{"-parallel=12"}, args: []string{"-faults.all"}},
	{section: "requests", what: "a fault at each request of what relay-step reads", module: "syncer/cmd/relay-step", pkg: ".", run: "TestEachFaultOfAReadGivesTheValueOrAnError", flags: []string{"-parallel=12"}, args: []string{"-faults.all"}},
}

var faults = []row{
	{section: "faults", what: "an apply of OpenTofu whose requests are cut", pkg: "./provider", run: "Test.*(Interrupted|BrokenWrite).*"},
	{section: "faults", what: "an outage of Vault during a daemon, two applies and a session of the page", pkg: "./internal/outage", run: "TestOutageOfVaultIsSurvived", flags: []string{"-parallel=3"}, args: []string{"-outage.all", "-outage.secrets=300"}},
	{section: "faults", what: "Vault set back to a snapshot; records of older versions", pkg: "./internal/outage", run: "Test(VaultSetBackIsRepaired|RecordsOfBothFormatsAreRead)", args: []string{"-outage.all"}},
	{section: "faults", what: "kill -9 of a long apply, the daemon and its git, at random moments", pkg: "./syncer", run: "TestKilledAtRandomLosesNothing", args: []string{"-kills=100"}},
	{section: "faults", what: "a damaged byte of a mirror", pkg: "./syncer", run: "TestDamagedByteOfAMirrorAppliesNothingWrong", args: []string{"-flips=400"}},
	{section: "faults", what: "a failing git, few descriptors, a disk that is full or read-only", pkg: "./syncer", run: "Test(FailingGit|FewDesc|DaemonOutOf|DaemonThatCanStore|DiskOf).*", args: asRoot("-disks")},
	{section: "faults", what: "two replicas write the same secrets for a minute", pkg: "./syncer", run: "TestTwoReplicasWriteSafely", args: []string{"-replicas.for=60s"}},
	{section: "faults", what: "replicas that share sources, in histories of kills and lost answers", pkg: "./syncer/election", run: "TestTwoReplicasNeverDoTheSamePart", args: []string{"-share.simulations=100"}},
	{section: "faults", what: "election and sharing with the API server of Kubernetes", pkg: "./syncer", run: "TestKubernetes.*", flags: []string{"-tags=kubernetes", "-parallel=12"}},
	{section: "faults", what: "logins and manifests with the API server of Kubernetes", pkg: "./syncer/cmd/relay-sync", run: "TestKubernetes.*", flags: []string{"-tags=kubernetes"}},
	{section: "faults", what: "random histories of writers, crashes and lost answers", pkg: "./internal/secrets", run: "TestHistor.*"},
}

// asRoot gives an argument to a test that can do more as root.
func asRoot(arg string) []string {
	if os.Geteuid() != 0 {
		return nil
	}
	return []string{arg}
}

// attacks are tests of the attacks in the guide "Security model", by who attacks.
var attacks = []row{
	{section: "attacks", what: "a committer: files, names, references, approvals", pkg: "./syncer", run: "Test(Hostile.*|ApprovalIsNotReplayed)"},
	{section: "attacks", what: "a local user: objects and history of a repository", pkg: "./internal/gitsource", run: "Test.*Forged.*"},
	{section: "attacks", what: "the git host: redirects, answers, texts, listings", pkg: "./internal/gitmirror", run: "Test(Redirect.*|InvalidResponsesAreErrors|Hostile.*|ListingOfRefsIsBounded)"},
	{section: "attacks", what: "the git host: webhooks", pkg: "./syncer/webhook", run: "Test.*(Forged|Replay|Oversized|Slow|Unauth|Bounded|Burst).*"},
	{section: "attacks", what: "another writer in Vault: forged records", pkg: "./internal/secrets", run: "Test.*Forged.*"},
	{section: "attacks", what: "another writer in Vault: forged records in a plan of Terraform", pkg: "./provider", run: "Test(ForgedRecordDoesNotHideAChangeFromAPlan|.*Hostile.*)"},
	{
		section: "attacks", what: "another web page, a person, a hostile daemon: the web page", pkg: "./syncer/web",
		run: "Test(CSRF|DNSRebinding|HTML|Login|OIDC|OpenRedirect|PathTricks|RawRequests|SessionFixation|StolenCookie|Daemon|AnswersOf|Oversized|SlowForms|Memory|NoValue|NothingBut|Headers|Forwarded|UserName|Roles).*",
	},
	{section: "attacks", what: "the other processes beside a step", module: "syncer/cmd/relay-step", pkg: ".", run: "Test(NoValueIsLeftBehind|KilledProcess.*|MetadataAPIRequiresItsToken|ErrorsOfARunHaveNoValue|RunLimits.*)"},
	{section: "attacks", what: "hostile names and texts in what relay-sync prints", pkg: "./syncer/cmd/relay-sync", run: "Test(Hostile.*|CITemplatesVerifyHostileNames)"},
}

var scale = []row{
	{section: "scale", what: "1,000 sources shared by 50 replicas, in virtual time", pkg: "./syncer/election", run: "TestSharedSourcesAreTakenOver", args: []string{"-share.all"}},
	{section: "scale", what: "10,000, 30,000 and 100,000 secrets of 20 sources", pkg: "./syncer", run: "BenchmarkScale", flags: []string{"-benchtime=1x"}, goals: slices.Concat(
		grown("10000", 0), grown("30000", 0), grown("100000", 200),
	)},
}

// grown are the measurements of one size of BenchmarkScale, with a bound of its memory in MB.
func grown(secrets string, memory float64) []goal {
	return []goal{
		{what: secrets + " secrets: apply into an empty Vault, s", metric: secrets + "/apply-s"},
		{what: "  beside the rate of a bare loop of its requests", metric: secrets + "/apply-of-bare"},
		{what: "  restart with nothing to do, s", metric: secrets + "/restart-s"},
		{what: "  a changed file, ms", metric: secrets + "/changed-file-ms"},
		{what: "  plan of all, s", metric: secrets + "/plan-s"},
		{what: "  beside the rate of bare reads of metadata", metric: secrets + "/plan-of-bare"},
		{what: "  requests of the plan for a secret", metric: secrets + "/plan-requests/secret"},
		{what: "  largest memory, MB", metric: secrets + "/peak-MB", most: memory},
	}
}

var speed = []row{
	{section: "speed", what: "start of the provider", pkg: "./internal/bench", run: "BenchmarkStart", flags: []string{"-benchtime=20x"}, goals: []goal{
		{what: "start of the provider until its schema, ms", metric: "ms/start", most: 12},
	}},
	{section: "speed", what: "start of relay-sync", pkg: "./internal/bench", run: "BenchmarkSyncStart", flags: []string{"-benchtime=20x"}, goals: []goal{
		{what: "start of relay-sync, ms", metric: "ms/start", most: 20},
	}},
	{section: "speed", what: "100 files of one secret beside sops publish", pkg: "./internal/bench", run: "BenchmarkPublish", flags: []string{"-benchtime=10x"}, goals: []goal{
		{what: "100 files of one secret, of the time of sops publish", metric: "cold-of-sops", most: 0.8},
		{what: "  unchanged, of the time of sops publish", metric: "unchanged-of-sops", most: 0.5},
	}},
	{section: "speed", what: "from a commit to Vault", pkg: "./syncer", run: "BenchmarkCommitToVault", flags: []string{"-benchtime=100x"}, goals: []goal{
		{what: "commit to Vault, p50, beside bare git and requests", metric: "ratio", most: 2},
		{what: "  p50, ms", metric: "p50-ms"},
	}},
	{section: "speed", what: "apply of 10,000 secrets", pkg: "./syncer", run: "BenchmarkTenThousand", flags: []string{"-benchtime=1x"}, goals: []goal{
		{what: "apply of 10,000 secrets beside a bare loop", metric: "of-bare", least: 0.95},
		{what: "  drift check of them, beside bare reads of metadata", metric: "check-of-bare", least: 0.95},
		{what: "  memory after the apply, MB", metric: "MB-applied", most: 60},
		{what: "  memory after a comparison, MB", metric: "MB-compared", most: 60},
	}},
	{section: "speed", what: "300 secrets through the provider, one resource each", pkg: "./internal/bench", run: "BenchmarkSecrets", flags: []string{"-benchtime=1x"}, goals: []goal{
		{what: "300 secrets through the provider: create, less 300 terraform_data, s", metric: "create-each-less-host-s", most: 1.7},
		{what: "  plan, s", metric: "plan-each-less-host-s", most: 0.85},
		{what: "  change, s", metric: "change-each-less-host-s", most: 2.7},
	}},
}
