// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// errBroken stops the parsing of a file whose problem was reported.
var errBroken = errors.New("invalid syntax")

// readJSON parses the plain syntax of one JSON document. It reports duplicate keys and
// content after the document: for SOPS the end of the file closes every open object, and
// it ignores what follows the last one.
func readJSON(data []byte, problems *Problems) node {
	reader := &jsonReader{decoder: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1, problems: problems}
	reader.decoder.UseNumber()
	root, err := reader.value(nil)
	if err != nil {
		return node{}
	}
	if rest := bytes.TrimLeft(data[reader.decoder.InputOffset():], " \t\r\n"); len(rest) > 0 {
		line := 1 + bytes.Count(data[:len(data)-len(rest)], []byte("\n"))
		problems.add(line, nil, "has content after the end of its JSON document; remove it")
	}
	return root
}

type jsonReader struct {
	decoder  *json.Decoder
	data     []byte
	counted  int64 // bytes whose line breaks are in line
	line     int
	problems *Problems
}

// token returns the next token and sets r.line to its line; JSON strings contain no
// raw line breaks.
func (r *jsonReader) token() (json.Token, error) {
	token, err := r.decoder.Token()
	end := r.decoder.InputOffset()
	r.line += bytes.Count(r.data[r.counted:end], []byte("\n"))
	r.counted = end
	switch {
	case err == nil:
		return token, nil
	case len(bytes.TrimSpace(r.data)) == 0:
		r.problems.add(1, nil, isEmpty)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		r.problems.add(r.line, nil, "ends in the middle of its JSON document")
	default:
		r.problems.add(r.line, nil, "has invalid JSON syntax at or just after this line")
	}
	return nil, errBroken
}

func (r *jsonReader) value(path []string) (node, error) {
	token, err := r.token()
	if err != nil {
		return node{}, err
	}
	out := node{line: r.line}
	switch token := token.(type) {
	case json.Delim:
		if len(path) >= maxDepth {
			r.problems.add(r.line, path[:3], "is nested too deeply")
			return node{}, errBroken
		}
		if token == '[' {
			out.kind = list
			return out, r.list(&out, path)
		}
		out.kind = mapping
		out.entries, err = r.object(path)
		for _, e := range out.entries {
			out.add(e.value)
		}
		return out, err
	case string:
		out.kind, out.text = text, token
	case json.Number:
		out.kind = number
	case bool:
		out.kind = boolean
	default:
		out.kind = null
	}
	return out, nil
}

// object reads up to and including the closing brace.
func (r *jsonReader) object(path []string) ([]entry, error) {
	var entries []entry
	seen := keySet{}
	for {
		token, err := r.token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return entries, nil
		}
		line := r.line
		seen.add(key, line, path, r.problems)
		value, err := r.value(child(path, key))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{key: key, line: line, value: value})
	}
}

// list reads up to and including the closing bracket.
func (r *jsonReader) list(into *node, path []string) error {
	for r.decoder.More() {
		element, err := r.value(child(path, "[]"))
		if err != nil {
			return err
		}
		into.addElement(element)
	}
	_, err := r.token()
	return err
}
