// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package sopstest encrypts manifests with the code of the sops command, in this process. It is only
// for tests and benchmarks of thousands of files, for which the command starts too slowly.
package sopstest
