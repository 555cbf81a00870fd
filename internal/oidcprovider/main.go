// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// configuration is the JSON object on standard input.
type configuration struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
	People       people   `json:"people"`
}

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oidc-provider:", err)
		os.Exit(1)
	}
}

// run serves until a signal or the end of stdin.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	listen, err := parse(args, stderr)
	if err != nil {
		return err
	}
	input := json.NewDecoder(stdin)
	var config configuration
	if err := input.Decode(&config); err != nil {
		return fmt.Errorf("read the configuration from standard input: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin) // an error ends the input, too
	}()

	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	issuer := "http://" + listener.Addr().String() + "/"
	server := &http.Server{Handler: provider(issuer, config), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is worth waiting for
	if err := json.NewEncoder(stdout).Encode(map[string]string{"issuer": issuer}); err != nil {
		return errors.Join(fmt.Errorf("announce the provider: %w", err), listener.Close())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func parse(args []string, stderr io.Writer) (listen string, err error) {
	flags := flag.NewFlagSet("oidc-provider", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&listen, "listen", "127.0.0.1:0", "loopback `address` to serve on; port 0 takes a free one")
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if flags.NArg() > 0 {
		return "", fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("invalid -listen: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("invalid -listen %q: must be a loopback IP address such as 127.0.0.1", host)
	}
	return listen, nil
}

// provider returns the pages and endpoints of the provider.
func provider(issuer string, config configuration) http.Handler {
	storage.RegisterClients(storage.WebClient(config.ClientID, config.ClientSecret, config.RedirectURIs...))
	return exampleop.SetupServer(issuer, storage.NewStorage(config.People), slog.New(slog.DiscardHandler), false)
}
