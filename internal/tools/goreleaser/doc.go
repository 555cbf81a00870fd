// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package goreleaser pins goreleaser. Its test checks what is in a release that goreleaser
// made in dist/.
package goreleaser
