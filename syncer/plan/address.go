// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

// ConnectionPrefix begins the name of a connection where a secret could be named, too.
const ConnectionPrefix = "connection:"
