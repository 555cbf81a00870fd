// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// shared are display names that many people have, so that they name none: of a token
// that was made without a name, of the root token, and of programs.
var shared = []string{"", "token", "root", "approle", "jwt", "kubernetes", "cert"}

// Owner is the person of whom Vault has this display name, such as "userpass-ada" or
// "oidc-ada@example.com". Capitals become small and "@" becomes "_at_", as an owner has
// neither. The error says what does not fit.
func Owner(displayName string) (secrets.Owner, error) {
	for _, name := range shared {
		if displayName == name {
			return secrets.NoOwner, fmt.Errorf("Vault knows this token as %q, which says not who you are: give your name, with --as NAME", displayName)
		}
	}
	owner, err := secrets.PersonOwner(strings.ReplaceAll(strings.ToLower(displayName), "@", "_at_"))
	if err != nil {
		return secrets.NoOwner, fmt.Errorf("Vault knows this token as %+q, which does not fit into a record: give your name, with --as NAME (%w)", displayName, err)
	}
	return owner, nil
}
