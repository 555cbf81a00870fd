// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// Owner is the manager of a secret: "terraform/<id>", "gitops/<controller>/<source>",
// "person/<readable>-<hash>" or "team/<team>". It is unique per Vault.
type Owner string

// NoOwner is the owner of an unmanaged secret.
const NoOwner Owner = ""

// ownerID bounds one part of an owner, so that a record's key stays under
// Vault's limit of 128 bytes.
var ownerID = lazyregexp.New(`^[a-z0-9._-]{1,48}$`)

const (
	// personHash is the length of a person's hash, in hex.
	personHash = 16
	// MaxReadable is the longest readable part of a person, which leaves room for "-" and
	// the hash.
	MaxReadable = 48 - personHash - 1
)

// TerraformOwner is the owner of what one Terraform configuration writes. The
// error wraps ErrInvalid.
func TerraformOwner(id string) (Owner, error) { return newOwner("terraform", id) }

// GitOpsOwner is the owner of what a controller writes from one source. The
// error wraps ErrInvalid.
func GitOpsOwner(controller, source string) (Owner, error) {
	owner, err := newOwner("gitops", controller, source)
	if err == nil { // both are parts of the paths of approvals in Vault
		err = errors.Join(CheckName("controller", controller), CheckName("source", source))
	}
	if err != nil {
		return NoOwner, err
	}
	if controller == capability.TeamsName {
		return NoOwner, invalidf("controller name %q: it is the folder of teams in Vault", controller)
	}
	return owner, nil
}

// PersonOwner is the owner of what a person writes by hand: the hash of the id of the
// person's entity in Vault, with a part for readers before it. The error wraps
// ErrInvalid.
func PersonOwner(readable, entityID string) (Owner, error) {
	if entityID == "" || readable == "" || len(readable) > MaxReadable {
		return NoOwner, invalidf("person %s: expected an entity id, and 1 to %d readable characters", quoteName(readable), MaxReadable)
	}
	sum := sha256.Sum256([]byte(entityID))
	return newOwner("person", readable+"-"+hex.EncodeToString(sum[:personHash/2]))
}

// TeamOwner is the owner of what the members of a team write by hand. The error wraps
// ErrInvalid.
func TeamOwner(team string) (Owner, error) {
	owner, err := newOwner("team", team)
	if err == nil {
		err = CheckName("team", team) // the team is a part of a path in Vault
	}
	if err != nil {
		return NoOwner, err
	}
	return owner, nil
}

// person is the hash of a person; ok is false for another owner.
func (o Owner) person() (hash string, ok bool) {
	id, is := strings.CutPrefix(string(o), "person/")
	readable := len(id) - personHash - 1
	if !is || readable < 1 || id[readable] != '-' {
		return "", false
	}
	return id[readable+1:], true
}

// Readable is the part of a person that is for readers, without the hash; empty for another
// owner.
func (o Owner) Readable() string {
	hash, is := o.person()
	if !is {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(o), "person/"), "-"+hash)
}

// Same reports whether two owners are one: equal, or one person with two readable parts.
func (o Owner) Same(other Owner) bool {
	hash, is := o.person()
	otherHash, otherIs := other.person()
	return o == other || is && otherIs && hash == otherHash
}

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
	case len(parts) == 2 && slices.Contains([]string{"terraform", "person", "team"}, parts[0]):
		return newOwner(parts[0], parts[1])
	case len(parts) == 3 && parts[0] == "gitops":
		return newOwner(parts[0], parts[1], parts[2])
	}
	return NoOwner, invalidf("owner %s: expected terraform/<id>, gitops/<controller>/<source>, person/<id> or team/<team>", quoteName(s))
}
