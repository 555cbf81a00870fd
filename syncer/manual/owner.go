// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// shared are display names that do not identify a person: of tokens that were created
// without a name, of the root token, and of programs.
var shared = []string{"", "token", "root", "approle", "jwt", "kubernetes", "cert"}

// Owner returns the owner for a token's display name, such as "userpass-ada" or
// "oidc-ada@example.com". It converts the name to lower case and "@" to "_at_", because
// an owner id must not contain upper case or "@".
func Owner(displayName string) (secrets.Owner, error) {
	for _, name := range shared {
		if displayName == name {
			return secrets.NoOwner, fmt.Errorf("the display name %q of this Vault token does not identify a person\nHint: set your name with --as NAME", displayName)
		}
	}
	owner, err := secrets.PersonOwner(strings.ReplaceAll(strings.ToLower(displayName), "@", "_at_"))
	if err != nil {
		return secrets.NoOwner, fmt.Errorf("the display name %+q of this Vault token is not a valid owner: %w\nHint: set your name with --as NAME", displayName, err)
	}
	return owner, nil
}
