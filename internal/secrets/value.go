// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Redacted is what a Value prints as, whatever the verb, encoder or logger.
const Redacted = "(sensitive)"

// DefaultMaxValueBytes is the largest value after transfer encoding, in bytes,
// unless Config has another limit. Vault's Consul storage rejects entries over
// 512 KiB (Vault storage limits page).
const DefaultMaxValueBytes = 512 << 10

// Value is the plain text of one secret between its source and the Vault
// request. It prints as Redacted through fmt, slog, JSON, text and gob.
//
// The text is behind a function because fmt does not call the methods of unexported
// struct fields: it would print a string, and prints a function as an address.
type Value struct {
	reveal func() string
}

// NewValue wraps a plain text. The caller should keep no other copy.
func NewValue(plain string) Value {
	return Value{reveal: func() string { return plain }}
}

// Format implements fmt.Formatter for every verb and flag.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// String implements fmt.Stringer.
func (Value) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (Value) GoString() string { return Redacted }

// LogValue implements slog.LogValuer.
func (Value) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON implements json.Marshaler.
func (Value) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }

// MarshalText implements encoding.TextMarshaler, which YAML and XML use too.
func (Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// GobEncode implements gob.GobEncoder. It always fails: a Value is not sent elsewhere.
func (Value) GobEncode() ([]byte, error) { return nil, errors.New("a secret value is not encoded") }

// TransferPrefix marks base64 in Relay's transfer encoding (ARCHITECTURE.md, Transfer encoding).
const TransferPrefix = "base64:"

// encoded returns the value in Relay's transfer encoding: the text itself,
// except that text that is not UTF-8, contains NUL, or begins with "base64:" is
// written as "base64:" and standard base64. Relay's own writer leaves the last
// kind as it is and its readers then decode it wrongly (ARCHITECTURE.md, Transfer encoding).
func (v Value) encoded() string {
	if v.reveal == nil {
		return ""
	}
	plain := v.reveal()
	if !v.transferred() {
		return plain
	}
	return TransferPrefix + base64.StdEncoding.EncodeToString([]byte(plain))
}

// transferred reports whether the value differs from its transfer encoding.
func (v Value) transferred() bool {
	if v.reveal == nil {
		return false
	}
	plain := v.reveal()
	return !utf8.ValidString(plain) || strings.ContainsRune(plain, 0) || strings.HasPrefix(plain, TransferPrefix)
}

// checkSize rejects a value that is larger than limit bytes after encoding. The error
// contains the limit only: the length of a value is part of it.
func (v Value) checkSize(limit int) error {
	if len(v.encoded()) > limit {
		return invalidf("%s", TooLarge(limit))
	}
	return nil
}

// TooLarge is the text about a value that is larger than limit bytes after encoding.
func TooLarge(limit int) string {
	return fmt.Sprintf("the value is larger than the limit of %d bytes after encoding: what is not UTF-8 text, such as a binary file, is stored as base64, "+
		"which is larger by a third, so it may have at most %d bytes. Hint: compress the value, or split it into several secrets; "+
		"a configuration of relay-sync can raise the limit with vault.max_value_bytes if the storage of Vault permits that", limit, MaxBinaryBytes(limit))
}

// MaxBinaryBytes is the size of the largest value that is stored as base64 in limit bytes.
func MaxBinaryBytes(limit int) int { return max(0, limit-len(TransferPrefix)) / 4 * 3 }
