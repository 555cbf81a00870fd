// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import "slices"

// rows is everything that is proven, in the order of the tables.
var rows = slices.Concat(faults, attacks, scale, speed)

var faults = []row{
	{section: "faults", what: "a fault at each request of each kind of sync", pkg: "./syncer", run: "TestEachFaultAtEachRequestIsOvercome", args: []string{"-faults.all"}},
	{section: "faults", what: "each outage of Vault during a daemon, two long applies and a session of the page", pkg: "./internal/outage", run: "TestOutageOfVaultIsSurvived", args: []string{"-outage.all", "-outage.secrets=300"}},
	{section: "faults", what: "Vault set back to a snapshot; records of older versions", pkg: "./internal/outage", run: "Test(VaultSetBackIsRepaired|RecordsOfBothFormatsAreRead)"},
	{section: "faults", what: "kill -9 of a long apply and of the daemon, at random moments", pkg: "./syncer", run: "TestKilledAtRandomLosesNothing", args: []string{"-kills=100"}},
	{section: "faults", what: "a damaged byte of a mirror", pkg: "./syncer", run: "TestDamagedByteOfAMirrorAppliesNothingWrong", args: []string{"-flips=400"}},
	{section: "faults", what: "a read-only and a full disk, few file descriptors, a failing git", pkg: "./syncer", run: "Test(DiskOfTheDataFolder|.*FewDescriptors.*|.*FailingGit.*)", args: []string{"-disks"}},
	{section: "faults", what: "election and shares of replicas with the API server of Kubernetes", pkg: "./syncer", run: "TestKubernetes.*", flags: []string{"-tags=kubernetes", "-parallel=12"}},
	{section: "faults", what: "Kubernetes logins and manifests with its API server", pkg: "./syncer/cmd/relay-sync", run: "TestKubernetes.*", flags: []string{"-tags=kubernetes"}},
	{section: "faults", what: "two replicas write the same secrets for a minute", pkg: "./syncer", run: "TestTwoReplicasWriteSafely", args: []string{"-replicas.for=60s"}},
	{section: "faults", what: "random histories of writers, crashes and lost answers", pkg: "./internal/secrets", run: "TestHistor.*"},
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
}
