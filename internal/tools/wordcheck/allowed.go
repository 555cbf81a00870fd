// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import "regexp"

// allowed lists the exceptions. Each needs a reason that a reader can check.
var allowed = []exception{
	allow(``, `(?i)round[ -]?trip\w*`, "the usual name, also of net/http's interface"),
	allow(`\.go$`, `\.Round\(`, "time.Duration's and math's functions"),
	allow(``, `(?i)(there|here)\s(\W*)is no\b`, "ordinary English, where the cause follows"),
	allow(``, `(?i)is\s+no\s+(longer|more|older|newer|shorter|sooner|later|other)\b`, "ordinary English"),
	allow(`^(syncer/election|internal/leasetest)/|/kubernetes_\w+_test\.go$`, `[hH]olderIdentity`, "a field of Kubernetes' Lease"),
	allow(`^internal/browsertest/testdata/axe/`, `(?s).+`, "axe-core and its licences, unchanged"),
	allow(`^internal/tools/wordcheck/`, `(?s).+`, "the check and its tests name the words"),
}

func allow(files, text, reason string) exception {
	return exception{regexp.MustCompile(files), regexp.MustCompile(text), reason}
}
