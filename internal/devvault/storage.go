// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/physical/raft"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// keysFile stores the unseal key and root token beside the data.
const keysFile = "devvault-keys.json"

// keys has the root token, and the unseal key in hex.
type keys struct {
	RootToken string `json:"root_token"`
	UnsealKey string `json:"unseal_key"`
}

// storage is the kind of storage: raft in dir, or memory if dir is empty.
type storage struct {
	dir string
	// cluster is the memory of a cluster, nil for a node that has none.
	cluster physical.Backend
}

// newCluster returns the memory that the nodes of a cluster share.
func newCluster(logger hclog.Logger) (storage, error) {
	backend, err := inmem.NewInmemHA(nil, logger)
	if err != nil {
		return storage{}, fmt.Errorf("open storage in memory: %w", err)
	}
	return storage{cluster: backend}, nil
}

func parseStorage(s string) (storage, error) {
	if s == "inmem" {
		return storage{}, nil
	}
	dir, ok := strings.CutPrefix(s, "raft:")
	if !ok || dir == "" {
		return storage{}, fmt.Errorf("invalid -storage %q: must be inmem or raft:DIR", s)
	}
	return storage{dir: dir}, nil
}

// configure sets the backend of the core. The returned function closes its files
// after the shutdown of the core.
func (s storage) configure(config *vault.CoreConfig, logger hclog.Logger) (closeFiles func() error, err error) {
	if s.cluster != nil {
		config.Physical, config.StorageType = s.cluster, "inmem_ha"
		config.HAPhysical = s.cluster.(physical.HABackend)
		config.ClusterAddr = "https://127.0.0.1:0" // a free port
		return func() error { return nil }, nil
	}
	if s.dir == "" {
		backend, err := inmem.NewInmem(nil, logger)
		if err != nil {
			return nil, fmt.Errorf("open storage in memory: %w", err)
		}
		config.Physical, config.StorageType = backend, "inmem"
		return func() error { return nil }, nil
	}

	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	// One second is raft's shortest election period. There is one node only.
	backend, err := raft.NewRaftBackend(map[string]string{
		"path": s.dir, "node_id": "devvault", "performance_multiplier": "1",
	}, logger)
	if err != nil {
		return nil, fmt.Errorf("open storage in %s: %w", s.dir, err)
	}
	config.Physical, config.StorageType = backend, "raft"
	config.HAPhysical = backend.(physical.HABackend)
	config.ClusterAddr = "https://127.0.0.1:0" // required; there are no peers
	return backend.(*raft.RaftBackend).Close, nil
}

// saveKeys stores the keys for the next start on the same data, except for a Vault in
// memory.
func (s storage) saveKeys(k keys) error {
	if s.dir == "" {
		return nil
	}
	data, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("store the unseal key: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, keysFile), data, 0o600); err != nil {
		return fmt.Errorf("store the unseal key: %w", err)
	}
	return nil
}

func (s storage) loadKeys() (keys, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, keysFile))
	if err != nil {
		return keys{}, fmt.Errorf("read the unseal key of the existing data: %w", err)
	}
	var k keys
	if err := json.Unmarshal(data, &k); err != nil {
		return keys{}, errors.New("read the unseal key of the existing data: " + keysFile + ": invalid JSON")
	}
	return k, nil
}
