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
	"net"
	"os"
	"os/signal"
	"syscall"
)

// options has the flags of the command line.
type options struct {
	listen         string
	storage        storage
	nodes          int
	tlsDir         string
	prepare        bool
	readerWorkflow string
	untilEOF       bool
	verbose        bool
}

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "devvault:", err)
		os.Exit(1)
	}
}

// run starts a Vault, announces it on stdout and serves until a signal or, with
// -until-eof, until the end of stdin.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if opts.untilEOF {
		ctx = untilEOF(ctx, stdin)
	}

	srv, err := start(opts, stderr)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(srv.announcement); err != nil {
		return errors.Join(fmt.Errorf("announce the server: %w", err), srv.stop())
	}
	select {
	case <-ctx.Done():
		return srv.stop()
	case err := <-srv.failed:
		return errors.Join(err, srv.stop())
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	opts := options{}
	flags := flag.NewFlagSet("devvault", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.listen, "listen", "127.0.0.1:0", "loopback `address` to serve on; port 0 takes a free one")
	storageFlag := flags.String("storage", "inmem", "`inmem`, or raft:DIR to keep the data in DIR")
	flags.IntVar(&opts.nodes, "nodes", 1, "`number` of nodes of one cluster in memory, each at an address of its own; the first is active")
	flags.StringVar(&opts.tlsDir, "tls", "", "serve over TLS, and write "+caFile+", "+clientCertFile+" and "+clientKeyFile+" into `DIR`")
	flags.BoolVar(&opts.prepare, "prepare", false, "mount KV v2 at "+mountName+", enable auth methods, write the policies")
	flags.StringVar(&opts.readerWorkflow, "reader-workflow", "deploy-production", "`workflow` of the policy reader")
	flags.BoolVar(&opts.untilEOF, "until-eof", false, "stop when standard input ends")
	flags.BoolVar(&opts.verbose, "v", false, "write Vault's log to standard error")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err := checkLoopback(opts.listen); err != nil {
		return opts, err
	}
	if err := checkWorkflow(opts.readerWorkflow); err != nil {
		return opts, err
	}
	var err error
	opts.storage, err = parseStorage(*storageFlag)
	if err == nil && opts.nodes != 1 && (opts.nodes < 1 || opts.storage.dir != "" || opts.tlsDir != "") {
		err = fmt.Errorf("invalid -nodes %d: must be at least 1, and 1 with -storage raft or -tls", opts.nodes)
	}
	return opts, err
}

// checkLoopback refuses an address that another machine can reach: the root token of
// this Vault is not secret.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("invalid -listen: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("invalid -listen %q: must be a loopback IP address such as 127.0.0.1", host)
	}
	return nil
}

// untilEOF returns a context that ends with ctx or when r has no more data.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r) // an error ends the input, too
	}()
	return ctx
}
