// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"strings"
)

// maxKeyBytes is larger than any name or metadata key: SOPS parses metadata keys into
// trees.
const maxKeyBytes = 512

// dotenvSopsPrefix begins the keys of SOPS's metadata in a dotenv file.
const dotenvSopsPrefix = sopsKey + "_"

// defaultSection is the name in SOPS for the part of an INI file before the first
// section.
const defaultSection = "DEFAULT"

// readDotenv reads KEY=VALUE lines as SOPS does: no spaces are trimmed, and quotes have
// no meaning. The metadata of SOPS becomes a section.
func readDotenv(data []byte, problems *Problems) node {
	root, meta := node{kind: mapping, line: 1}, entry{key: sopsKey}
	if before, _, found := bytes.Cut(data, []byte("\r\n")); found {
		problems.add(1+bytes.Count(before, []byte("\n")), nil, "has line ends of Windows (CRLF), which SOPS takes as part of each value; convert the file to LF, and let git keep it so with the line `*.env text eol=lf` in .gitattributes")
		return root
	}
	seen := keySet{}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		e, ok := lineEntry(i+1, line, "=")
		switch {
		case !ok:
			problems.add(i+1, nil, "has a line that is not KEY=VALUE, a comment or empty")
			continue
		case e.key == sopsKey:
			problems.add(e.line, []string{e.key}, "is a reserved name of SOPS; rename it")
			continue
		}
		seen.add(e.key, e.line, nil, problems)
		if key, is := strings.CutPrefix(e.key, dotenvSopsPrefix); is {
			e.key = key
			if meta.line == 0 {
				meta.line = e.line
			}
			meta.value.entries = append(meta.value.entries, e)
			continue
		}
		root.entries = append(root.entries, e)
	}
	if len(meta.value.entries) > 0 {
		root.entries = append(root.entries, meta)
	}
	return root
}

// readINI reads the subset of INI that sops writes: sections, key = value with spaces
// around it, and comment lines. The comparison with the reading of SOPS refuses values
// on several lines, quoted keys and other extensions.
func readINI(data []byte, problems *Problems) node {
	root := node{kind: mapping, line: 1}
	section := entry{key: defaultSection, line: 1}
	sections, keys := keySet{}, keySet{}
	flush := func() {
		if len(section.value.entries) > 0 || section.key != defaultSection {
			root.entries = append(root.entries, section)
		}
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			flush()
			section = entry{key: strings.TrimSpace(strings.TrimSuffix(line[1:], "]")), line: i + 1}
			keys = keySet{}
			if !strings.HasSuffix(line, "]") || section.key == "" || len(section.key) > maxKeyBytes || strings.ContainsAny(section.key, "[]") {
				problems.add(i+1, nil, "has an invalid section line; expected [name]")
			}
			sections.add(section.key, i+1, nil, problems)
		default:
			e, ok := lineEntry(i+1, line, "=:")
			if !ok {
				problems.add(i+1, nil, "has a line that is not key = value, a section, a comment or empty")
				continue
			}
			keys.add(e.key, e.line, []string{section.key}, problems)
			section.value.entries = append(section.value.entries, e)
		}
	}
	flush()
	return root
}

// lineEntry reads a key and the text after the first delimiter, which must be "=".
func lineEntry(number int, line, delimiters string) (entry, bool) {
	at := strings.IndexAny(line, delimiters)
	if at <= 0 || line[at] != '=' {
		return entry{}, false
	}
	key, value := line[:at], line[at+1:]
	if delimiters != "=" {
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	}
	if key == "" || len(key) > maxKeyBytes {
		return entry{}, false
	}
	// Copies, so that a cached name does not keep the whole file in memory.
	return entry{key: strings.Clone(key), line: number, value: node{kind: text, line: number, text: strings.Clone(value)}}, true
}
