// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package gittest provides real git repositories for tests, and servers for them: over HTTPS by git's own http-backend, over
// SSH by a server in this process that runs git-upload-pack.
//
// It is for tests only, and needs no program except git.
package gittest
