// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"strings"

	"github.com/getsops/sops/v3"
)

// Mapping is the address in the configuration for a file that contains none. SOPS
// authenticates names within the file, but not the workflow: that depends on the
// configuration and on the review of the repository.
type Mapping struct {
	// Workflow is the workflow of all secrets in the file.
	Workflow string
	// Format is empty if Secret or the name of the file determines it.
	Format Format
	// Secret is the name of the value of a binary file. It is empty for other files, which
	// contain names.
	Secret string
}

// VerifyMapped is Verify for files that contain no address.
//
// In a YAML, JSON or dotenv file each key is the name of a secret. In a dotenv file the
// value is everything after the first "=", quotes included, with \n for a line break, and
// "export " before a name is not part of it. In an INI file the name is section.key, or
// only the key before the first section. A binary file has one value, under data, in YAML
// if name ends with .yaml or .yml, otherwise in JSON.
func VerifyMapped(name string, data []byte, m Mapping) (*Manifest, error) {
	format, known := m.format(name)
	if !known {
		problems := &Problems{File: name}
		problems.add(0, nil, "has a name that does not show its format; set format in its map entry, and for a binary file secret, too")
		return nil, problems
	}
	return verify(name, data, format)
}

// binaryKey is the key under which sops stores a binary file.
const binaryKey = "data"

// binary is the layout of one value under data.
func (m Mapping) binary() layout {
	at := func(sealed string) location {
		return location{workflow: m.Workflow, name: m.Secret, sealed: sealed, keys: [4]string{binaryKey}}
	}
	find := func(root node, problems *Problems) (places []location, lines []int) {
		for _, e := range root.entries {
			switch {
			case e.key == sopsKey:
			case e.key != binaryKey:
				problems.add(e.line, []string{e.key}, "is not a key of a binary file, whose content sops stores under data; decrypt it, and encrypt it with --input-type binary")
			case e.value.kind != text:
				problems.add(e.line, []string{e.key}, "is not one encrypted text; decrypt the file, and encrypt it with --input-type binary")
			case e.value.text == "":
				problems.add(e.line, []string{e.key}, "is empty, which SOPS does not authenticate; give the file a content with sops edit, or remove it")
			default:
				places, lines = append(places, at(e.value.text)), append(lines, e.line)
			}
		}
		if _, found := root.get(binaryKey); !found {
			problems.add(root.line, nil, "is not a binary file of sops, because the key data is not found; decrypt it, and encrypt it with --input-type binary")
		}
		return places, lines
	}
	read := func(branches sops.TreeBranches) (places []location, ok bool) {
		ok = len(branches) == 1 && eachItem(branches[0], func(key string, value any) bool {
			sealed, ok := value.(string)
			places = append(places, at(sealed))
			return ok && key == binaryKey
		})
		return places, ok
	}
	return layout{find: find, read: read}
}

// flat is the layout of a file whose keys are names, as nameOf returns them.
func (m Mapping) flat(nameOf func(key string) string, shape string) layout {
	at := func(key, sealed string) location {
		return location{workflow: m.Workflow, name: nameOf(key), sealed: sealed, keys: [4]string{key}}
	}
	find := func(root node, problems *Problems) (places []location, lines []int) {
		if root.kind != mapping {
			problems.add(root.line, nil, "is %s; a mapped file has one line for each secret: %s", root.kind, shape)
			return nil, nil
		}
		names := keySet{}
		for _, e := range root.entries {
			if e.key == sopsKey {
				continue
			}
			if (e.key == workflowsKey || e.key == connectionsKey) && e.value.kind == mapping {
				problems.add(e.line, []string{e.key}, "is a key of a manifest, which has its own addresses; remove the map entry of this file, and select it by files")
				continue
			}
			named := entry{key: nameOf(e.key), line: e.line}
			checkName("secret", named, []string{e.key}, problems)
			names.add(named.key, e.line, nil, problems)
			if isLeaf(e, []string{e.key}, shape, problems) {
				places, lines = append(places, at(e.key, e.value.text)), append(lines, e.line)
			}
		}
		checkCount(root, places, lines, problems)
		return places, lines
	}
	read := func(branches sops.TreeBranches) (places []location, ok bool) {
		ok = len(branches) == 1 && eachItem(branches[0], func(key string, value any) bool {
			sealed, ok := value.(string)
			places = append(places, at(key, sealed))
			return ok
		})
		return places, ok
	}
	return layout{find: find, read: read}
}

func plainKey(key string) string { return key }

// withoutExport is the name that a shell gives a variable: "export NAME" is NAME.
func withoutExport(key string) string {
	if name, exported := strings.CutPrefix(key, "export "); exported {
		return strings.TrimLeft(name, " ")
	}
	return key
}

// sections is the layout of an INI file.
func (m Mapping) sections() layout {
	at := func(section, key, sealed string) location {
		return location{workflow: m.Workflow, name: nameInINI(section, key), sealed: sealed, keys: [4]string{section, key}}
	}
	find := func(root node, problems *Problems) (places []location, lines []int) {
		names := keySet{}
		for _, section := range root.entries {
			if section.key == sopsKey {
				continue
			}
			for _, e := range section.value.entries {
				path := []string{section.key, e.key}
				named := entry{key: nameInINI(section.key, e.key), line: e.line}
				checkName("secret", named, path, problems)
				names.add(named.key, e.line, nil, problems)
				if isLeaf(e, path, "[section] and name=value", problems) {
					places, lines = append(places, at(section.key, e.key, e.value.text)), append(lines, e.line)
				}
			}
		}
		checkCount(root, places, lines, problems)
		return places, lines
	}
	read := func(branches sops.TreeBranches) (places []location, ok bool) {
		ok = len(branches) == 1 && eachItem(branches[0], func(section string, keys any) bool {
			return eachItem(keys, func(key string, value any) bool {
				sealed, ok := value.(string)
				places = append(places, at(section, key, sealed))
				return ok
			})
		})
		return places, ok
	}
	return layout{find: find, read: read}
}

// nameInINI is the name of a secret. For SOPS, keys before the first section are in the
// section DEFAULT.
func nameInINI(section, key string) string {
	if section == defaultSection {
		return key
	}
	return section + "." + key
}

func checkCount(root node, places []location, lines []int, problems *Problems) {
	switch {
	case len(places) > MaxLeaves:
		problems.add(lines[MaxLeaves], nil, tooMany, len(places), MaxLeaves)
	case len(places) == 0 && !problems.found():
		problems.add(root.line, nil, noSecret)
	}
}
