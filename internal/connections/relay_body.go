// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// devPrefix begins the id of a body that Relay's development mode wrote: the name of
// the connection follows. Any other id of Relay is a UUID.
const devPrefix = "_"

// writtenTogether is the most time between Relay's writes of a body and of its pointer.
const writtenTogether = time.Minute

// Pointer is a connection with the metadata of its pointer.
type Pointer struct {
	Address secrets.Address
	Entry   secrets.Entry
}

// Unexplained reports whether a pointer is live and no record explains it, as one that
// Relay's own programs wrote. A write that replaces it leaves the body that it named.
func Unexplained(e secrets.Entry) bool {
	_, owned := e.Owner()
	return e.Live() && !owned
}

// RelayBody is a body that this product did not write and that is still live. The value
// of a pointer cannot be read, so which connection it belongs to follows from metadata.
type RelayBody struct {
	Scope secrets.Scope
	// Fields are the names of the live fields, sorted. Other are keys that are not valid
	// names.
	Fields, Other []string
	// Replaced are the connections that were replaced now and that it may have belonged to.
	Replaced []Pointer
	// UsedBy are the connections that no record explains and that may still use it. Without
	// any, no connection uses it.
	UsedBy []secrets.Address

	// created are the creation times of all versions of its fields.
	created []time.Time
}

// left returns the bodies that may have belonged to the replaced pointers. others are
// the pointers of the domain that no record explains now. Pure.
//
// Each other pointer names one of the bodies, too. A body that may belong to several
// pointers belongs to those that were written together with it, if there are any.
func left(replaced, others []Pointer, bodies []RelayBody) []RelayBody {
	var out []RelayBody
	for _, b := range bodies {
		all := slices.Concat(replaced, others)
		together := slices.ContainsFunc(all, func(p Pointer) bool { return b.mayBelongTo(p) && b.writtenWith(p) })
		belongs := func(p Pointer) bool { return b.mayBelongTo(p) && (!together || b.writtenWith(p)) }
		for _, p := range replaced {
			if belongs(p) {
				b.Replaced = append(b.Replaced, p)
			}
		}
		for _, p := range others {
			if belongs(p) {
				b.UsedBy = append(b.UsedBy, p.Address)
			}
		}
		if len(b.Replaced) > 0 {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b RelayBody) int { return strings.Compare(a.Scope.Group, b.Scope.Group) })
	return out
}

// mayBelongTo reports whether the name of a pointer, or the fields of its type, fit the body. One
// common field is sufficient: Relay had fields that are not in the table of types.
func (b RelayBody) mayBelongTo(p Pointer) bool {
	if name, dev := strings.CutPrefix(b.Scope.Group, devPrefix); dev {
		return name == p.Address.Name
	}
	fields, is := known[p.Address.Group]
	return !is || len(b.Fields) == 0 || slices.ContainsFunc(b.Fields, func(name string) bool {
		return slices.Contains(fields.required, name) || slices.Contains(fields.optional, name)
	})
}

// writtenWith reports whether a version of a field and one of the pointer were written
// together.
func (b RelayBody) writtenWith(p Pointer) bool {
	return slices.ContainsFunc(b.created, func(field time.Time) bool {
		for _, v := range p.Entry.Versions {
			if v.Created.Sub(field).Abs() <= writtenTogether {
				return true
			}
		}
		return false
	})
}

// Path is the folder of the body below the mount.
func (b RelayBody) Path() string { return b.Scope.Prefix + "/" + b.Scope.Group }

// Names are the fields of the body for a person.
func (b RelayBody) Names() []string {
	names := slices.Clone(b.Fields)
	for _, key := range b.Other {
		names = append(names, b.Scope.Other(key).Name)
	}
	return names
}

// Commands remove the body, field by field. They fit into a shell as they are.
func (b RelayBody) Commands() []string {
	var out []string
	for _, name := range b.Fields {
		out = append(out, secrets.Address{Scope: b.Scope, Name: name}.RemoveCommand())
	}
	for _, key := range b.Other {
		out = append(out, b.Scope.Other(key).Command)
	}
	return out
}

// Checks print the id of the body that each replaced connection named. An id is not a
// secret, but a pointer is read as a value: only a reader's token may.
func (b RelayBody) Checks() []string {
	var out []string
	for _, p := range b.Replaced {
		out = append(out, p.Address.ReadCommand(p.Entry.Current))
	}
	return out
}

// WasOf are the replaced connections, as "type/name". It is never nil.
func (b RelayBody) WasOf() []string {
	out := []string{}
	for _, p := range b.Replaced {
		out = append(out, p.Address.String())
	}
	return out
}

// InUseBy is UsedBy, as "type/name". It is never nil.
func (b RelayBody) InUseBy() []string {
	out := []string{}
	for _, a := range b.UsedBy {
		out = append(out, a.String())
	}
	return out
}

// String describes the body, with the commands, on several lines.
func (b RelayBody) String() string {
	was, used := b.WasOf(), b.InUseBy()
	head := fmt.Sprintf("%s: %s", b.Scope.Group, strings.Join(b.Names(), ", "))
	if len(used) == 0 {
		head += fmt.Sprintf("; it was a body of %s, and no connection uses it. Remove it:", strings.Join(was, " or "))
		return strings.Join(append([]string{head}, b.Commands()...), "\n  ")
	}
	head += fmt.Sprintf("; it was a body of %s, or %s uses it.", strings.Join(was, " or "), strings.Join(used, " or "))
	lines := append([]string{head, "This prints, with a reader's token, the id of the body that was replaced:"}, b.Checks()...)
	lines = append(lines, "Only if that is "+b.Scope.Group+", remove it:")
	return strings.Join(append(lines, b.Commands()...), "\n  ")
}

// maxBodies limits a text.
const maxBodies = 20

// DescribeRelayBodies describes bodies of one domain for a person; "" for none.
func DescribeRelayBodies(bodies []RelayBody) string {
	if len(bodies) == 0 {
		return ""
	}
	domain := bodies[0].Scope
	count := "1 body that Relay wrote stays"
	if len(bodies) > 1 {
		count = fmt.Sprintf("%d bodies that Relay wrote stay", len(bodies))
	}
	lines := []string{fmt.Sprintf("%s live below %s/%s. A step that began before may still read it: wait %d minutes before you remove it.",
		count, domain.Mount, domain.Prefix, int(grace.Minutes()))}
	for i, b := range bodies {
		if i == maxBodies {
			lines = append(lines, fmt.Sprintf("and %d more", len(bodies)-i))
			break
		}
		lines = append(lines, strings.ReplaceAll(b.String(), "\n", "\n  "))
	}
	return strings.Join(lines, "\n  ")
}
