// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package credential reads a credential from a file that the operator names:
// the shared secret of a webhook, or the token for somebody's API.
//
// It promises that no error and no log holds anything of what stands in the file,
// and that no file can make it wait or fill memory. It must not look for
// credentials anywhere else: not in the environment, not in a home folder.
package credential

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// MaxBytes bounds a file with a credential.
const MaxBytes = 64 << 10

// MinSecretBytes is the shortest secret that two sides may sign with. Anybody who
// sees one signed message can try short ones out.
const MinSecretBytes = 16

// ReadToken reads a token to be sent in an HTTP header: one line of printable
// ASCII, without the space around it. what names it in errors, such as "the token
// for GitHub".
func ReadToken(what, path string) (string, error) {
	token, err := read(what, path)
	if err != nil {
		return "", err
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", fmt.Errorf("reading %s: %s holds a character that no token has; expected one line of printable ASCII", what, path)
		}
	}
	return token, nil
}

// ReadSecret reads a secret to sign or check with, of MinSecretBytes at least,
// without the space around it.
func ReadSecret(what, path string) (string, error) {
	secret, err := read(what, path)
	if err != nil {
		return "", err
	}
	if len(secret) < MinSecretBytes {
		return "", fmt.Errorf("reading %s: what %s holds is too short to sign with; expected %d bytes at least, such as the output of `openssl rand -hex 32`", what, path, MinSecretBytes)
	}
	return secret, nil
}

// SigningKey reads a secret that Standard Webhooks are signed and checked with: one
// that begins with whsec_ goes on in base64, as that standard shows secrets; any
// other is taken as it stands.
func SigningKey(what, path string) (*standardwebhooks.Webhook, error) {
	text, err := ReadSecret(what, path)
	if err != nil {
		return nil, err
	}
	encoded, marked := strings.CutPrefix(text, "whsec_")
	if !marked {
		return standardwebhooks.NewWebhookRaw([]byte(text))
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < MinSecretBytes { // the cause would quote it
		return nil, fmt.Errorf("reading %s: in %s, what follows whsec_ is not the base64 of %d bytes at least", what, path, MinSecretBytes)
	}
	return standardwebhooks.NewWebhookRaw(key)
}

func read(what, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("reading %s from %s: %w", what, path, cause(err))
	}
	// Anything else could block, or never end.
	if !info.Mode().IsRegular() || info.Size() > MaxBytes {
		return "", fmt.Errorf("reading %s: %s is not a regular file of at most %d bytes", what, path, MaxBytes)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading %s from %s: %w", what, path, cause(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxBytes))
	if err != nil {
		return "", fmt.Errorf("reading %s from %s: %w", what, path, cause(err))
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("reading %s: %s is empty", what, path)
	}
	return text, nil
}

// cause takes the path out of an error that our own sentence names already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
