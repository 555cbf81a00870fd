// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxNameBytes is the longest name, in bytes of UTF-8.
const maxNameBytes = 128

// CheckName rejects a name that is ambiguous in a manifest, a Vault path, a Vault
// policy or a Relay expression. kind is the word for it in the error: "workflow",
// "secret".
//
// A name is a letter, digit or underscore, then letters, marks, digits and
// "_.@ -"; in NFC, at most maxNameBytes, without a space at the end. ":" would
// make two manifest paths one to SOPS, "+" and "*" open every workflow in a
// Vault policy, "/", "{", `"`, "$" and "%" break paths, policies or expressions.
// The error wraps ErrInvalid and names the character.
func CheckName(kind, name string) error {
	problem := nameProblem(name)
	if problem == "" {
		return nil
	}
	return invalidf("%s name %s: %s", kind, quoteName(name), problem)
}

func nameProblem(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case len(name) > maxNameBytes:
		return fmt.Sprintf("it has %d bytes, at most %d are allowed", len(name), maxNameBytes)
	}
	for i, r := range name {
		if i == 0 && !startsName(r) {
			return fmt.Sprintf("it begins with %s; it must begin with a letter, a digit or _", quoteRune(r))
		}
		if !continuesName(r) {
			return fmt.Sprintf("it contains %s; letters, digits and _ . @ - and the space are allowed", quoteRune(r))
		}
	}
	if strings.HasSuffix(name, " ") {
		return "it ends with a space"
	}
	if !norm.NFC.IsNormalString(name) {
		return "it is not in Unicode form NFC, so that two names could look alike; write it composed"
	}
	return ""
}

func startsName(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

func continuesName(r rune) bool {
	return startsName(r) || unicode.IsMark(r) || strings.ContainsRune(".@ -", r)
}

func quoteRune(r rune) string { return fmt.Sprintf("%+q (%U)", r, r) }

// quoteName is a hostile name on one line, cut to a readable length.
func quoteName(name string) string {
	if len(name) > maxNameBytes {
		name = name[:maxNameBytes] + "..."
	}
	return fmt.Sprintf("%+q", name)
}
