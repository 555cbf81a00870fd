// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// errName begins the errors about names.
var errName = errors.New("invalid")

// checkPath rejects a name that would be another path in Vault than the one that it is. Names
// that this product does not write are valid here: with ":", "%", folders and others, Relay's
// own programs wrote them.
func checkPath(kind, name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if fault := segmentFault(segment); fault != "" {
			return fmt.Errorf("%w %s name %s: %s", errName, kind, foreign.Quote(name), fault)
		}
	}
	return nil
}

// checkSegment is checkPath for a name without folders.
func checkSegment(kind, name string) error {
	if strings.Contains(name, "/") {
		return fmt.Errorf("%w %s name %s: must not contain /", errName, kind, foreign.Quote(name))
	}
	return checkPath(kind, name)
}

func segmentFault(segment string) string {
	switch {
	case segment == "":
		return "a part of it is empty"
	case segment == "." || segment == "..":
		return "must not have . or .. as a part"
	case !utf8.ValidString(segment):
		return "must be UTF-8"
	case strings.ContainsFunc(segment, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "must have printable characters only; Vault accepts no others"
	}
	return ""
}
