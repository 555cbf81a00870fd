// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command licenses fails if a program links a module without a permitted licence, and writes the licence
// texts that a release must carry.
//
// Usage, from the root of the repository:
//
//	go run ./internal/tools/licenses FILE FOLDER...
//
// Each FOLDER is that of a program. It reads the licence files of each linked package, up to the root of its module, from the module
// cache, and writes them with their notices to FILE. policy.go lists the permitted licences.
package main
