// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build !race

package terraformtest

// underRace: this process runs under the race detector.
const underRace = false
