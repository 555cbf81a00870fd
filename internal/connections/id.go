// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// bodyID is the id of a body: a UUID of version 8 (RFC 9562, 5.8) that contains when it was
// made, by the clock of Vault, and a short hash of its owner and of its connection. So a
// listing of a domain shows which bodies can concern a connection, and none of the others
// is read, however many there were. Relay's reader accepts every version.
//
//	0-5    milliseconds since 1970
//	6-7    version, 12 bits of the hash of the owner
//	8-11   variant, 30 bits of the hash of owner and connection
//	12-15  random
type bodyID uuid.UUID

const (
	ownerTag      = 6
	connectionTag = 8
	randomPart    = 12
)

// newID makes a fresh id. It is later than every one of after, so that ids of one owner and
// connection are in the order of their making.
func newID(owner secrets.Owner, a secrets.Address, now time.Time, after ...string) string {
	at := now.UnixMilli()
	for _, text := range after {
		if earlier, is := parseID(text); is {
			at = max(at, earlier.made()+1)
		}
	}
	var id uuid.UUID
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(at)) //nolint:gosec // a time after 1970
	copy(id[:ownerTag], stamp[2:])
	tags := tagsOf(owner, a)
	copy(id[ownerTag:], tags[:])
	_, _ = rand.Read(id[randomPart:]) // never fails
	return id.String()
}

// tags are the bytes of an id between the time and the random part.
type tags [randomPart - ownerTag]byte

func tagsOf(owner secrets.Owner, a secrets.Address) tags {
	o := sha256.Sum256(secrets.LengthPrefixed("owner of a body", string(owner)))
	c := sha256.Sum256(secrets.LengthPrefixed("connection of a body", string(owner), a.Namespace, a.Mount, a.Prefix, a.Group, a.Name))
	var out tags
	copy(out[:], o[:connectionTag-ownerTag])
	copy(out[connectionTag-ownerTag:], c[:])
	out[0] = out[0]&0x0f | 0x80
	out[2] = out[2]&0x3f | 0x80
	return out
}

// sameOwner reports whether both can be of one owner.
func (t tags) sameOwner(other tags) bool {
	return bytes.Equal(t[:connectionTag-ownerTag], other[:connectionTag-ownerTag])
}

// parseID parses an id that newID can have made.
func parseID(text string) (bodyID, bool) {
	id, err := uuid.Parse(text)
	return bodyID(id), err == nil && id.String() == text && id.Version() == 8 && id.Variant() == uuid.RFC4122
}

// made is when the id was made, in milliseconds since 1970.
func (id bodyID) made() int64 {
	var stamp [8]byte
	copy(stamp[2:], id[:ownerTag])
	return int64(binary.BigEndian.Uint64(stamp[:])) //nolint:gosec // 48 bits
}

func (id bodyID) tags() tags { return tags(id[ownerTag:randomPart]) }
