// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package form

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// The names of the fields that make up a value.
const (
	// Kind is which of the others counts: OfText, OfFile or OfPairs.
	Kind = "kind"
	// Text is the text area, and Newline its checkbox to keep a newline at the end.
	Text    = "value"
	Newline = "newline"
	// File is the upload.
	File = "file"
	// Key and Pair are the columns of the table of key-value pairs.
	Key  = "key"
	Pair = "pair"
)

// The kinds of values.
const (
	OfText  = "text"
	OfFile  = "file"
	OfPairs = "pairs"
)

// Value is the value of a secret, or the error that a person can correct: its text has no
// part of the value.
func (f *Form) Value() (secrets.Value, error) {
	text, err := f.value()
	switch {
	case err != nil:
		return secrets.Value{}, err
	case text == "":
		return secrets.Value{}, errors.New("the value is empty")
	case len(text) > f.maxValue:
		return secrets.Value{}, f.tooLarge()
	}
	return secrets.NewValue(text), nil
}

func (f *Form) value() (string, error) {
	switch f.Text(Kind) {
	case OfText, "":
		return f.text(Text), nil
	case OfFile:
		content, found := f.files[File]
		if !found {
			return "", errors.New("choose a file")
		}
		return string(content), nil
	case OfPairs:
		return f.pairs()
	}
	return "", errors.New("choose text, a file or key-value pairs")
}

// text is a text area. One newline at its end is removed unless the form keeps it.
func (f *Form) text(name string) string {
	all := f.fields[name]
	if len(all) == 0 {
		return ""
	}
	text := lines(all[0])
	if !f.Checked(Newline) {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// lines is a text area with the line breaks that were typed: browsers send CRLF (HTML,
// 4.10.21.4).
func lines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// pairs is the base64 of a JSON object, as Relay's page asks for several values.
func (f *Form) pairs() (string, error) {
	object, err := f.table()
	if err != nil {
		return "", err
	}
	if len(object) == 0 {
		return "", errors.New("no key-value pair given")
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return "", errors.New("a key or a value is not valid text")
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.TrimSuffix(text.String(), "\n"))), nil
}

// table has the rows of the table of pairs that are not empty.
func (f *Form) table() (map[string]string, error) {
	keys, values := f.fields[Key], f.fields[Pair]
	if len(keys) != len(values) {
		return nil, ErrMalformed
	}
	object := map[string]string{}
	for i, key := range keys {
		key = strings.TrimSpace(key)
		value := lines(values[i])
		_, duplicate := object[key]
		switch {
		case key == "" && value == "":
			continue
		case key == "":
			return nil, errors.New("a name is missing beside one of the values")
		case duplicate:
			return nil, errors.New("two rows have the same name")
		}
		object[key] = value
	}
	return object, nil
}

// Fields are the values of a connection: the fields whose names begin with prefix, by the
// rest of the name, without empty ones. An error is as of Value.
func (f *Form) Fields(prefix string) (map[string]secrets.Value, error) {
	out := map[string]secrets.Value{}
	for name := range f.fields {
		field, is := strings.CutPrefix(name, prefix)
		if !is {
			continue
		}
		text := f.text(name)
		if len(text) > f.maxValue {
			return nil, f.tooLarge()
		}
		if text != "" {
			out[field] = secrets.NewValue(text)
		}
	}
	return out, nil
}

// Names are the rests of the names of the fields that begin with prefix, sorted.
func (f *Form) Names(prefix string) []string {
	var out []string
	for name := range f.fields {
		if field, is := strings.CutPrefix(name, prefix); is {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// NamedFields adds the fields of the table with names and values, as that of key-value pairs,
// to the fields of a connection. An error is as of Value.
func (f *Form) NamedFields(to map[string]secrets.Value) error {
	object, err := f.table()
	for name, text := range object {
		if _, duplicate := to[name]; duplicate {
			return errors.New("two fields have the same name")
		}
		if len(text) > f.maxValue {
			return f.tooLarge()
		}
		to[name] = secrets.NewValue(text)
	}
	return err
}
