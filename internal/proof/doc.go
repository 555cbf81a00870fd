// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command proof runs the tests that show what the product survives and how fast it is, in their long
// form, and writes the result as tables: make proof.
//
// Usage, from the root of the repository:
//
//	proof [-pages FOLDER] [SECTION...]
//
// Each row of rows.go is a test or a benchmark of another package with its flags; this program
// proves nothing by itself. A row is survived if everything that it tried passed and nothing was
// skipped; a benchmark also has to reach its goals. The exit code is 1 if a row was not survived.
// With -pages, the table of each section that ran replaces its file in that folder, from which the
// guide "Proof" takes it.
package main
