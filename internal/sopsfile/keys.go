// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import "github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"

// Keys are the decryption keys of one source.
type Keys = keyring.Keys
