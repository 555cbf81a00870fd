// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// snapshotSave writes a snapshot of raft's storage to a file.
func (c CLI) snapshotSave(_ map[string]string, args []string) error {
	file, err := one(args)
	if err != nil {
		return err
	}
	snapshot, err := c.raft(http.MethodGet, "snapshot", nil)
	if err != nil {
		return err
	}
	return os.WriteFile(file, snapshot, 0o600)
}

// snapshotRestore restores a snapshot, and waits until Vault accepts requests again.
func (c CLI) snapshotRestore(flags map[string]string, args []string) error {
	file, err := one(args)
	if err != nil {
		return err
	}
	snapshot, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	path := "snapshot"
	if flags["force"] != "" {
		path = "snapshot-force"
	}
	if _, err := c.raft(http.MethodPost, path, snapshot); err != nil {
		return err
	}
	ready := func() bool {
		_, err = c.send("LIST", "customers/metadata", nil)
		return err == nil
	}
	if !await.Until(startTimeout, ready) {
		return fmt.Errorf("restore the snapshot: %w", err)
	}
	return nil
}

// raft sends a request whose body is not JSON.
func (c CLI) raft(method, path string, body []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(context.Background(), method, c.Address+"/v1/sys/storage/raft/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("X-Vault-Token", c.Token)
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, response.StatusCode, answer)
	}
	return answer, err
}
