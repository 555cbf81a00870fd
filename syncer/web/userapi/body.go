// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

const (
	// escaped is how many bytes of JSON one byte of a value can need, as in \u0001.
	escaped = 6
	// besides is room for names and punctuation in a body.
	besides = 64 << 10
	// maxDepth is the depth of the deepest body: a base64 value in the fields of the
	// login of a connection.
	maxDepth = 4
)

// object is a JSON object. Its values are strings, objects, and nil for everything else.
type object map[string]any

// readObject reads the body of a request, a JSON object. The error is a *failure, and
// quotes nothing of the body.
func readObject(w http.ResponseWriter, r *http.Request, maxValueBytes int) (object, error) {
	switch sent, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); sent {
	case mediaType, "application/json":
	default:
		return nil, failed(unknownMedia, "read the request: unsupported media type"+
			"\nHint: send JSON with the header Content-Type: "+mediaType)
	}
	limit := maxBody(maxValueBytes)
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	defer clear(data)
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return nil, failed(tooLarge, "read the request: its body is too large, and nothing was written: "+secrets.TooLarge(maxValueBytes))
	}
	if err != nil {
		return nil, failed(malformed, "read the request: it ended before its end")
	}
	return parseObject(data)
}

// maxBody is the largest body.
func maxBody(maxValueBytes int) int { return escaped*maxValueBytes + besides }

// skip reads a body and keeps nothing of it: many clients do not read an answer before they
// have sent all.
func skip(w http.ResponseWriter, r *http.Request, maxValueBytes int) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, int64(maxBody(maxValueBytes))))
}

// parseObject parses a body. encoding/json would replace bytes that are not UTF-8 and half
// surrogate pairs, and with them the value. Pure.
func parseObject(data []byte) (object, error) {
	switch {
	case !utf8.Valid(data) || halfSurrogate(data):
		return nil, failed(malformed, `read the request: invalid Unicode in its JSON; send bytes that are not text as {"$encoding":"base64","data":"..."}`)
	case !json.Valid(data):
		return nil, failed(malformed, "read the request: invalid JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := parseValue(decoder, 0)
	if err != nil {
		return nil, err
	}
	out, is := value.(object)
	if !is {
		return nil, failed(malformed, "read the request: must be a JSON object")
	}
	return out, nil
}

// parseValue parses a value of valid JSON.
func parseValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, failed(malformed, "read the request: invalid JSON")
	}
	switch token := token.(type) {
	case string:
		return token, nil
	case json.Delim:
		if depth == maxDepth {
			return nil, failed(malformed, "read the request: its JSON is nested too deeply")
		}
		if token == '[' {
			return nil, parseList(decoder, depth+1)
		}
		return parseMembers(decoder, depth+1)
	}
	return nil, nil
}

// parseList parses a list up to and including its closing bracket. No body has one.
func parseList(decoder *json.Decoder, depth int) error {
	for decoder.More() {
		if _, err := parseValue(decoder, depth); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// parseMembers parses an object up to and including its closing brace.
func parseMembers(decoder *json.Decoder, depth int) (object, error) {
	out := object{}
	for decoder.More() {
		token, err := decoder.Token()
		key, is := token.(string)
		if err != nil || !is {
			return nil, failed(malformed, "read the request: invalid JSON")
		}
		if _, known := out[key]; known {
			return nil, failed(malformed, "read the request: duplicate key in its JSON")
		}
		if out[key], err = parseValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return out, err
}

// halfSurrogate reports whether valid JSON has an escape that is half of a surrogate pair.
func halfSurrogate(data []byte) bool {
	for i := 0; i+1 < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++
		if data[i] != 'u' {
			continue
		}
		first := hexRune(data[i+1:])
		if !utf16.IsSurrogate(first) {
			continue
		}
		rest := data[min(i+5, len(data)):]
		if !bytes.HasPrefix(rest, []byte(`\u`)) || utf16.DecodeRune(first, hexRune(rest[2:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// hexRune is the rune of four hex digits; -1 for other bytes.
func hexRune(digits []byte) rune {
	n, err := strconv.ParseUint(string(digits[:min(4, len(digits))]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
