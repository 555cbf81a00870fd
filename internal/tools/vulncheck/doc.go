// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command vulncheck fails if a program can reach a known vulnerability.
//
// Usage, from the root of the repository:
//
//	go run ./internal/tools/vulncheck REPORT
//
// The report is that of "govulncheck -format json", which exits with 0 whatever it finds.
// allowed.txt lists the vulnerabilities that only a newer Go fixes, each with the last day
// on which it is allowed. An entry that has expired, that nothing needs, or that go get
// would fix is a failure, too.
package main
