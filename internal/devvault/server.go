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
}

// server is a Vault core behind its HTTP API.
type server struct {
	announcement
	core       *vault.Core
	closeFiles func() error
	http       *http.Server
	failed     chan error // receives the error that ends serving
}

// start returns an unsealed Vault that serves.
func start(opts options, logs io.Writer) (*server, error) {
	if !opts.verbose {
		logs = io.Discard
	}
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Output: logs, Level: hclog.Info})
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
	keys, err := open(core, opts.storage)
	if err == nil && opts.prepare {
		err = prepare(core, keys.RootToken, opts.readerWorkflow)
	}
	if err != nil {
		return nil, errors.Join(err, core.Shutdown(), closeFiles(), listener.Close())
	}

	srv := &server{
		announcement: announcement{Address: address, RootToken: keys.RootToken, UnsealKey: keys.UnsealKey},
		core:         core,
		closeFiles:   closeFiles,
		http: &http.Server{
			Handler:           vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core}),
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
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // open connections must not keep the process
	}
	if err := errors.Join(s.core.Shutdown(), s.closeFiles()); err != nil {
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
	unsealKey, err := hex.DecodeString(k.UnsealKey)
	if err != nil {
		return keys{}, fmt.Errorf("read the unseal key: %w", err)
	}
	unsealed, err := core.Unseal(unsealKey)
	if err != nil {
		return keys{}, fmt.Errorf("unseal: %w", err)
	}
	if !unsealed {
		return keys{}, errors.New("unseal: the stored key does not match this Vault")
	}
	return k, waitActive(core)
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
