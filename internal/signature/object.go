// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// signed is an object taken apart.
type signed struct {
	payload   []byte // what was signed
	signature []byte // armored; empty if there is none
}

// The header of a commit that holds its signature depends on the repository's object format; a commit that was converted
// has both. Neither is part of what is signed.
const (
	header1   = "gpgsig"
	header256 = "gpgsig-sha256"
)

var errTwice = errors.New("it holds two signatures")

// splitCommit takes a commit of gitformat-signature(5) apart: the signature is a header, whose further lines begin
// with a space.
func splitCommit(raw []byte, header string) (signed, error) {
	var s signed
	var name string // of the header that the line belongs to
	seen := false
	head, message, _ := bytes.Cut(raw, []byte("\n\n"))
	for line := range bytes.Lines(append(bytes.Clone(head), '\n')) {
		text, continued := bytes.CutPrefix(line, []byte(" "))
		if !continued {
			before, value, _ := bytes.Cut(line, []byte(" "))
			name, text = string(before), value
			if name == header && seen {
				return signed{}, errTwice
			}
			seen = seen || name == header
		}
		switch name {
		case header:
			s.signature = append(s.signature, text...)
		case header1, header256:
		default:
			s.payload = append(s.payload, line...)
		}
	}
	s.payload = append(append(s.payload, '\n'), message...)
	return s, nil
}

// splitTag takes a tag apart: its signature is the end of its message, from the last line on that begins one.
func splitTag(raw []byte) signed {
	at, here := len(raw), 0
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(line, []byte(beginPGP)) || bytes.HasPrefix(line, []byte(beginSSH)) || bytes.HasPrefix(line, []byte(beginSMIME)) {
			at = here
		}
		here += len(line)
	}
	return signed{payload: raw[:at:at], signature: raw[at:]}
}

// checkName checks that a tag object is of the tag that points to it: a signed tag must not do under another name.
func checkName(raw []byte, name string) error {
	head, _, _ := bytes.Cut(raw, []byte("\n\n"))
	var names []string
	for line := range strings.Lines(string(head) + "\n") {
		if value, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "tag "); is {
			names = append(names, value)
		}
	}
	if len(names) != 1 || names[0] != name {
		return fmt.Errorf("%w: it was made under another name", ErrInvalid)
	}
	return nil
}
