// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import "errors"

// ErrInvalid is input that no attempt can make right: a name, an owner, a size.
// Nothing was sent.
var ErrInvalid = errors.New("invalid input")
