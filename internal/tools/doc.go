// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package tools finds the programs that tests run, and the texts in the code that they
// check. make builds the programs into bin/.
//
// It is for tests only. Its subfolders pin the versions of foreign programs in modules
// of their own, so that the project's own modules stay small; wordcheck checks the
// words of the repository, and vulncheck, licenses and sbom what the programs link.
package tools
