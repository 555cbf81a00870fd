// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package await lets tests wait for a condition instead of a fixed time.
//
// It is for tests only.
package await
