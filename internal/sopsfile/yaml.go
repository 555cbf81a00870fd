// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// readYAML parses the plain syntax of one YAML document. It reports everything that SOPS
// could interpret differently from a reader: a second document, duplicate keys, keys
// that are not strings, tags, anchors, aliases, merge keys. Aliases are never expanded.
func readYAML(data []byte, problems *Problems) node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0:
		problems.add(1, nil, isEmpty)
		return node{}
	case err != nil:
		reportYAML(err, problems)
		return node{}
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		problems.add(second.Line, nil, "has a second YAML document here; write one per file")
	case !errors.Is(err, io.EOF):
		reportYAML(err, problems)
	}
	return plainYAML(document.Content[0], nil, problems)
}

var yamlLine = lazyregexp.New(`^yaml: line ([0-9]+):`)

// reportYAML keeps the line of a parser's error and drops its text, which can quote the
// file.
func reportYAML(err error, problems *Problems) {
	match := yamlLine.FindStringSubmatch(err.Error())
	if match == nil {
		problems.add(0, nil, "has invalid YAML syntax, on its first line or by a control character")
		return
	}
	line, _ := strconv.Atoi(match[1]) // too many digits give the largest int
	problems.add(line, nil, "has invalid YAML syntax at or just after this line; a truncated file has the same error")
}

func plainYAML(n *yaml.Node, path []string, problems *Problems) node {
	out := node{line: n.Line}
	if len(path) > maxDepth {
		problems.add(n.Line, path[:3], "is nested too deeply")
		return out
	}
	if n.Anchor != "" {
		problems.add(n.Line, path, "has an anchor (&...); remove it")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		problems.add(n.Line, path, "has a tag (!...); remove it")
	}
	switch n.Kind {
	case yaml.MappingNode:
		out.kind = mapping
		out.entries = plainEntries(n.Content, path, problems)
		for _, e := range out.entries {
			out.add(e.value)
		}
	case yaml.SequenceNode:
		out.kind = list
		for _, item := range n.Content {
			out.addElement(plainYAML(item, child(path, "[]"), problems))
		}
	case yaml.ScalarNode:
		out.kind = yamlKind(n)
		out.text = n.Value
	default:
		problems.add(n.Line, path, "is an alias (*...); "+repeatChange)
	}
	return out
}

// plainEntries reads the content of a mapping node: keys and values in turn.
func plainEntries(content []*yaml.Node, path []string, problems *Problems) []entry {
	var entries []entry
	seen := keySet{}
	for i := 0; i+1 < len(content); i += 2 {
		key, value := content[i], content[i+1]
		switch {
		case key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge":
			problems.add(key.Line, path, "has a merge key (<<); "+repeatChange)
			continue
		case key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str":
			problems.add(key.Line, path, "has a key that is not a plain string; put it in quotes")
			continue
		case key.Anchor != "" || key.Style&yaml.TaggedStyle != 0:
			problems.add(key.Line, path, "has a key with an anchor (&...) or a tag (!...); remove it")
			continue
		}
		seen.add(key.Value, key.Line, path, problems)
		read := plainYAML(value, child(path, key.Value), problems)
		entries = append(entries, entry{key: key.Value, line: key.Line, value: read})
	}
	return entries
}

func yamlKind(n *yaml.Node) kind {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return number
	case "!!bool":
		return boolean
	case "!!null":
		return null
	case "!!timestamp":
		return date
	}
	return text
}
