// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Files of the data.
const (
	serviceAccountKey = "service-account.key"
	tokens            = "tokens.csv"
	kubeconfig        = "kubeconfig"
)

// prepare writes the files that the first start needs. kubeconfig is the last of them.
func prepare(data, listen string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(data, kubeconfig)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := signingKey()
	if err != nil {
		return err
	}
	token := rand.Text()
	for _, file := range []struct{ name, text string }{
		{serviceAccountKey, key},
		{tokens, token + ",administrator,administrator,system:masters\n"},
		{kubeconfig, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: administrator
contexts: [{name: administrator, context: {cluster: test, user: administrator}}]
clusters: [{name: test, cluster: {server: "https://%s", certificate-authority: apiserver.crt}}]
users: [{name: administrator, user: {token: %s}}]
`, listen, token)},
	} {
		if err := os.WriteFile(filepath.Join(data, file.name), []byte(file.text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// signingKey is a new key for tokens of service accounts, as PEM.
func signingKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), nil
}
