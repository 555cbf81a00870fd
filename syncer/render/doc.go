// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package render prints reports: as text for people and as JSON for programs.
package render
