// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// Names are what Vault lists in a scope. What exists and what may be written are two
// filters: an audit needs both parts.
type Names struct {
	// Manageable are the valid names, sorted.
	Manageable []string
	// Other are the other keys, sorted; that of a folder ends with "/". Steps can read
	// them, and this product neither writes nor deletes them.
	Other []string
}

// namesOf divides what Vault lists.
func namesOf(keys []string) Names {
	var out Names
	for _, key := range keys {
		if nameProblem(key) == "" {
			out.Manageable = append(out.Manageable, key)
		} else {
			out.Other = append(out.Other, key)
		}
	}
	return out
}

// OtherName describes a key that cannot be managed. Every text of it is printable.
type OtherName struct {
	// Name is the key, quoted and shortened.
	Name string
	// Cause is why it cannot be managed.
	Cause string
	// Command is the command that removes it, or that lists what is in it if it is a
	// folder. It fits into a shell as it is.
	Command string
}

// Other describes a key of Names.Other.
func (s Scope) Other(key string) OtherName {
	command := removes
	out := OtherName{Name: quoteName(key), Cause: nameProblem(key)}
	if folder, is := strings.CutSuffix(key, "/"); is {
		command = lists
		out.Cause = "it is a folder"
		if nameProblem(folder) != "" {
			out.Cause += " with an invalid name"
		}
	}
	out.Command = s.command(command, s.path()+"/"+key)
	return out
}

// What a person does by hand with Vault's own command.
const (
	removes = "vault kv metadata delete"
	lists   = "vault kv list"
)

// command is a command of "vault kv" for a path below the mount of the scope. It fits into
// a shell as it is.
func (s Scope) command(verb, path string) string {
	return verb + s.flags() + " " + QuoteShell(path)
}

// flags are the flags of a "vault kv" command that say where the scope is.
func (s Scope) flags() string {
	return namespaceFlag(s) + " -mount=" + QuoteShell(s.Mount)
}

// DeleteCommand returns the command with which a person deletes one version. It fits into
// a shell as it is.
func (a Address) DeleteCommand(version int) string {
	return fmt.Sprintf("vault kv delete%s -versions=%d %s", a.flags(), version, QuoteShell(a.path()))
}

// RemoveCommand returns the command with which a person removes an entry, with all its
// versions.
func (a Address) RemoveCommand() string { return a.command(removes, a.path()) }

// ReadCommand returns the command with which a reader's token prints one version.
func (a Address) ReadCommand(version int) string {
	return fmt.Sprintf("vault kv get%s -version=%d -field=value %s", a.flags(), version, QuoteShell(a.path()))
}

// ListCommand returns the command with which a person lists the folder of all groups.
func (s Scope) ListCommand() string { return s.command(lists, s.Prefix) }

// String is the name with the cause and the command, on one line.
func (o OtherName) String() string {
	verb := "remove it"
	if strings.HasPrefix(o.Command, lists) {
		verb = "list it"
	}
	return fmt.Sprintf("%s: %s; %s with: %s", o.Name, o.Cause, verb, o.Command)
}

// maxOtherLines limits a text; the count is always exact.
const maxOtherLines = 20

// DescribeOther describes keys of Names.Other for a person: a line with their number,
// and a line for each. It is empty for no keys.
func (s Scope) DescribeOther(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	lines := []string{fmt.Sprintf("%s: %s cannot be managed here, but steps can read it:", s.Title(), "1 name")}
	if len(keys) > 1 {
		lines[0] = fmt.Sprintf("%s: %d names cannot be managed here, but steps can read them:", s.Title(), len(keys))
	}
	for i, key := range keys {
		if i == maxOtherLines {
			lines = append(lines, fmt.Sprintf("and %d more", len(keys)-i))
			break
		}
		lines = append(lines, s.Other(key).String())
	}
	return strings.Join(lines, "\n  ")
}

// QuoteShell quotes a text as one word of a POSIX shell. Bytes that a terminal could
// show or copy in another form are escaped, which bash, zsh and ksh read.
func QuoteShell(text string) string {
	if plainWord(text) {
		return text
	}
	if printable(text) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	var out strings.Builder
	out.WriteString("$'")
	for _, b := range []byte(text) {
		switch {
		case b == '\'' || b == '\\':
			out.WriteString(`\` + string(rune(b)))
		case b >= ' ' && b < utf8.RuneSelf && b != 0x7f && b != '#': // "##[" is a command of a CI system
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, `\%03o`, b)
		}
	}
	return out.String() + "'"
}

// plainWord reports whether a shell takes the text literally.
func plainWord(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_./@-", r)
	}) < 0
}

// printable reports whether a terminal shows the text, and copies it, byte for byte.
func printable(text string) bool {
	return foreign.Printable(text) && norm.NFC.IsNormalString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
