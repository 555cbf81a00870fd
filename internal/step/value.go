// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Value is a value that was read. It prints as secrets.Redacted, by the methods of the
// embedded one, which is empty.
type Value struct {
	secrets.Value
	// plain is a function because fmt does not call the methods of unexported struct
	// fields: it would print a string, and prints a function as an address.
	plain func() string
}

func newValue(plain string) Value { return Value{plain: func() string { return plain }} }

// Plain is the value itself, for the step alone: never for an error, a log or an argument.
func (v Value) Plain() string {
	if v.plain == nil {
		return ""
	}
	return v.plain()
}

// Secret is a secret of the workflow, or a field of a connection.
type Secret struct {
	Name  string
	Value Value
}

var errEncoding = errors.New(`the value begins with "base64:", and standard base64 does not follow`)

// decode returns the value of a text in Relay's transfer encoding. Relay decodes every text
// with the prefix, and Go's decoder ignores line breaks.
func decode(text string) (Value, error) {
	encoded, is := strings.CutPrefix(text, secrets.TransferPrefix)
	if !is {
		return newValue(text), nil
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Value{}, errEncoding // err has an offset, which depends on the value
	}
	return newValue(string(plain)), nil
}
