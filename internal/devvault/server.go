// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/vault"
)

const (
	// activeTimeout bounds the wait for the core; raft needs up to two election periods
	// of one second.
	activeTimeout = 30 * time.Second
	stopTimeout   = 5 * time.Second
)

// announcement is the line of JSON on standard output.
type announcement struct {
	Address   string `json:"address"`
	RootToken string `json:"root_token"`
	UnsealKey string `json:"unseal_key"`
	// Nodes are the addresses of a cluster's nodes, the first of which is Address.
	Nodes []string `json:"nodes,omitempty"`
}

// server is a Vault core behind its HTTP API.
type server struct {
	announcement
	core       *vault.Core
	closeFiles func() error
	http       *http.Server
	standbys   []*server
	failed     chan error // receives the error that ends serving
}

// start returns an unsealed Vault that serves: of one node, or the first of a cluster.
func start(opts options, logs io.Writer) (*server, error) {
	if !opts.verbose {
		logs = io.Discard
	}
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Output: logs, Level: hclog.Info})
	if opts.nodes > 1 {
		var err error
		if opts.storage, err = newCluster(logger); err != nil {
			return nil, err
		}
	}
	srv, err := startNode(opts, logger, "")
	if err != nil || opts.nodes <= 1 {
		return srv, err
	}
	srv.Nodes = []string{srv.Address}
	for range opts.nodes - 1 {
		standby, err := startNode(options{listen: "127.0.0.1:0", storage: opts.storage}, logger, srv.UnsealKey)
		if err != nil {
			return nil, errors.Join(err, srv.stop())
		}
		srv.standbys, srv.Nodes = append(srv.standbys, standby), append(srv.Nodes, standby.Address)
	}
	return srv, nil
}

// startNode returns a node that serves. With the unseal key of a cluster it is a standby.
func startNode(opts options, logger hclog.Logger, clusterKey string) (*server, error) {
	listener, err := net.Listen("tcp", opts.listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	address := "http://" + listener.Addr().String()
	if opts.tlsDir != "" {
		config, err := issue(opts.tlsDir)
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		address = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, config)
	}

	core, closeFiles, err := newCore(opts.storage, address, logger)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core})
	core.SetClusterHandler(handler) // for requests that standbys forward
	k := keys{UnsealKey: clusterKey}
	if clusterKey != "" {
		err = unseal(core, clusterKey)
	} else {
		k, err = open(core, opts.storage)
	}
	if err == nil && opts.prepare {
		err = prepare(core, k.RootToken, opts.readerWorkflow)
	}
	if err != nil {
		return nil, errors.Join(err, core.Shutdown(), closeFiles(), listener.Close())
	}

	srv := &server{
		announcement: announcement{Address: address, RootToken: k.RootToken, UnsealKey: k.UnsealKey},
		core:         core,
		closeFiles:   closeFiles,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          logger.StandardLogger(nil),
		},
		failed: make(chan error, 1),
	}
	go func() {
		if err := srv.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			srv.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	return srv, nil
}

// stop ends serving and closes the storage.
func (s *server) stop() error {
	var err error
	for _, standby := range s.standbys {
		err = errors.Join(err, standby.stop())
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // open connections must not keep the process
	}
	if err := errors.Join(err, s.core.Shutdown(), s.closeFiles()); err != nil {
		return fmt.Errorf("stop the core: %w", err)
	}
	return nil
}

// open initialises the core if it is new, unseals it and waits until it is active.
func open(core *vault.Core, st storage) (keys, error) {
	initialized, err := core.Initialized(context.Background())
	if err != nil {
		return keys{}, fmt.Errorf("check for an existing Vault: %w", err)
	}
	var k keys
	if initialized {
		k, err = st.loadKeys()
	} else {
		k, err = initialize(core, st)
	}
	if err != nil {
		return keys{}, err
	}
	if err := unseal(core, k.UnsealKey); err != nil {
		return keys{}, err
	}
	return k, waitActive(core)
}

func unseal(core *vault.Core, key string) error {
	unsealKey, err := hex.DecodeString(key)
	if err != nil {
		return fmt.Errorf("read the unseal key: %w", err)
	}
	unsealed, err := core.Unseal(unsealKey)
	if err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	if !unsealed {
		return errors.New("unseal: the stored key does not match this Vault")
	}
	return nil
}

func initialize(core *vault.Core, st storage) (keys, error) {
	one := vault.SealConfig{SecretShares: 1, SecretThreshold: 1, StoredShares: 1}
	result, err := core.Initialize(context.Background(), &vault.InitParams{BarrierConfig: &one})
	if err != nil {
		return keys{}, fmt.Errorf("initialise: %w", err)
	}
	k := keys{RootToken: result.RootToken, UnsealKey: hex.EncodeToString(result.SecretShares[0])}
	return k, st.saveKeys(k)
}

// waitActive waits until the core is active: with raft, unsealing returns before the
// end of the election.
func waitActive(core *vault.Core) error {
	return eventually(func() (bool, error) {
		standby, err := core.Standby()
		return !standby, err
	})
}

// eventually calls done until it returns true, within activeTimeout.
func eventually(done func() (bool, error)) error {
	deadline := time.Now().Add(activeTimeout)
	for {
		ok, err := done()
		if ok && err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("wait for Vault: timed out after %s", activeTimeout), err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
