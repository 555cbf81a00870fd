// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minSecretBytes is the minimum length of a shared secret that signs messages.
// From one signed message, an attacker can try out short secrets.
const minSecretBytes = 16

// Line returns the one line of text in a credential file, such as a password,
// without the white space around it.
func Line(path string) (string, error) {
	data, err := read(path, MaxCredentialBytes)
	if err != nil {
		return "", failed(path, err)
	}
	line := string(bytes.TrimSpace(data))
	if err := checkLine(line); err != nil {
		return "", failed(path, err)
	}
	return line, nil
}

func checkLine(line string) error {
	if line == "" {
		return errEmpty
	}
	if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return errors.New("must be one line of text")
	}
	return nil
}

// Token returns a token for an HTTP header: one line of printable ASCII characters
// without spaces.
func Token(path string) (string, error) {
	data, err := read(path, MaxCredentialBytes)
	if err != nil {
		return "", failed(path, err)
	}
	token, err := CheckToken(string(data))
	if err != nil {
		return "", failed(path, err)
	}
	return token, nil
}

// CheckToken returns a token without the white space around it, or an error if an
// HTTP header cannot carry it.
func CheckToken(token string) (string, error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return "", errEmpty
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", errors.New("must be one line of printable ASCII characters without spaces")
		}
	}
	return token, nil
}

// Secret returns a shared secret of at least minSecretBytes, as Line does.
func Secret(path string) (string, error) {
	secret, err := Line(path)
	if err != nil {
		return "", err
	}
	if len(secret) < minSecretBytes {
		return "", failed(path, fmt.Errorf("must have at least %d bytes, such as the output of `openssl rand -hex 32`", minSecretBytes))
	}
	return secret, nil
}

// SigningKey returns a secret for Standard Webhooks: base64 after the prefix
// whsec_, as that standard writes secrets, or any other text as it is.
func SigningKey(path string) ([]byte, error) {
	text, err := Secret(path)
	if err != nil {
		return nil, err
	}
	encoded, prefixed := strings.CutPrefix(text, "whsec_")
	if !prefixed {
		return []byte(text), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < minSecretBytes { // err quotes a part of the secret
		return nil, failed(path, fmt.Errorf("after whsec_, must be base64 of at least %d bytes", minSecretBytes))
	}
	return key, nil
}

// SymmetricKeys returns keys as `openssl rand -base64 32` writes them, one a line: the
// lines of the file without their line breaks, so that the same text set elsewhere is
// the same key. The caller checks their length.
func SymmetricKeys(path string) ([][]byte, error) {
	data, err := Read(path, MaxKeyBytes)
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimSuffix(lines[i], []byte("\r"))
	}
	return lines, nil
}
