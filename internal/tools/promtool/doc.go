// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package promtool pins promtool. Its test parses the expressions of the dashboard with
// Prometheus' own parser, because promtool checks only files of rules.
package promtool
