// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// signed is an object split into its content and its signature.
type signed struct {
	payload   []byte // what was signed
	signature []byte // armored; empty without one
}

// The header with the signature of a commit depends on the object format of the repository; a converted commit has both.
// Neither header is part of the signed content.
const (
	header1   = "gpgsig"
	header256 = "gpgsig-sha256"
)

var errDuplicate = errors.New("more than one signature")

// splitCommit splits a commit as gitformat-signature(5) describes: the signature is a header, whose continuation lines
// begin with a space.
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
				return signed{}, errDuplicate
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

// splitTag splits a tag: the signature is the end of the message, from the last line that begins a signature.
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

// checkName checks the name in a tag object, so that a signed tag is not valid under another name.
func checkName(raw []byte, name string) error {
	head, _, _ := bytes.Cut(raw, []byte("\n\n"))
	var names []string
	for line := range strings.Lines(string(head) + "\n") {
		if value, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "tag "); is {
			names = append(names, value)
		}
	}
	if len(names) != 1 || names[0] != name {
		return fmt.Errorf("%w: the tag object is for another tag name", ErrInvalid)
	}
	return nil
}
