// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package mantest writes the man pages of a command line, and checks them. The programs do
// not link the generator.
//
// It is for tests only; make package-files runs one.
package mantest
