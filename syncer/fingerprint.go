// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// maxFingerprintKeyBytes is far more than any key needs.
const maxFingerprintKeyBytes = 4 << 10

// readFingerprintKey reads a key as `openssl rand -base64 32` writes it: the
// content of the file as it is, without one line break at its end, so that the same
// text given to Terraform makes the same fingerprints. An empty path gives no key.
func readFingerprintKey(path string) (secrets.FingerprintKey, error) {
	if path == "" {
		return secrets.FingerprintKey{}, nil
	}
	data, err := readSmall(path, maxFingerprintKeyBytes)
	if err != nil {
		return secrets.FingerprintKey{}, fmt.Errorf("reading the fingerprint key: %w", err)
	}
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	key, err := secrets.NewFingerprintKey(data)
	if err != nil {
		return secrets.FingerprintKey{}, fmt.Errorf("reading the fingerprint key: %s: %w", path, err)
	}
	return key, nil
}

// readSmall reads a regular file of at most limit bytes. Anything else could
// block, or never end.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", path, limit)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.New(path + " grew while it was read")
	}
	return data, err
}

// fingerprintKey gives the controller's key, which is read once: what was judged
// by one key must not be judged by another halfway. A reload reads it again.
func (c *Controller) fingerprintKey() (secrets.FingerprintKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fingerprint.Set() {
		return c.fingerprint, nil
	}
	key, err := readFingerprintKey(c.cfg.FingerprintKeyFile)
	c.fingerprint = key
	return key, err
}
