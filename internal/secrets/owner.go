// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"regexp"
	"strings"
)

// Owner is the manager of a secret: "terraform/<id>", "gitops/<controller>/<source>"
// or "person/<name>". It is unique per Vault.
type Owner string

// NoOwner is the owner of an unmanaged secret.
const NoOwner Owner = ""

// ownerID bounds one part of an owner, so that a record's key stays under
// Vault's limit of 128 bytes.
var ownerID = regexp.MustCompile(`^[a-z0-9._-]{1,48}$`)

// TerraformOwner is the owner of what one Terraform configuration writes. The
// error wraps ErrInvalid.
func TerraformOwner(id string) (Owner, error) { return newOwner("terraform", id) }

// GitOpsOwner is the owner of what a controller writes from one source. The
// error wraps ErrInvalid.
func GitOpsOwner(controller, source string) (Owner, error) {
	return newOwner("gitops", controller, source)
}

// PersonOwner is the owner of what a person writes manually. The error wraps
// ErrInvalid.
func PersonOwner(name string) (Owner, error) { return newOwner("person", name) }

func newOwner(kind string, ids ...string) (Owner, error) {
	for _, id := range ids {
		if !ownerID.MatchString(id) {
			return NoOwner, invalidf("owner id %s: expected 1 to 48 of a-z, 0-9, '.', '_' and '-'", quoteName(id))
		}
	}
	return Owner(kind + "/" + strings.Join(ids, "/")), nil
}

// parseOwner reads an owner back from the text of a record's key. The error
// wraps ErrInvalid.
func parseOwner(s string) (Owner, error) {
	parts := strings.Split(s, "/")
	switch {
	case len(parts) == 2 && (parts[0] == "terraform" || parts[0] == "person"):
		return newOwner(parts[0], parts[1])
	case len(parts) == 3 && parts[0] == "gitops":
		return newOwner(parts[0], parts[1], parts[2])
	}
	return NoOwner, invalidf("owner %s: expected terraform/<id>, gitops/<controller>/<source> or person/<name>", quoteName(s))
}
