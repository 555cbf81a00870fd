// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gittest has real git repositories and real servers of them for tests: over HTTPS by git's own http-backend, over
// SSH by a server in this process that runs git-upload-pack. Both need nothing but git.
package gittest
