// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/relay-secrets/terraform-provider-relay/internal/buildinfo"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// version is set at link time.
var version = buildinfo.Unknown

// build is this build of relay-sync.
var build = buildinfo.Read(version)

func main() { os.Exit(start()) }

// start runs the command of this process. The first SIGINT or SIGTERM cancels it, and
// the second one ends the process, whatever it waits for.
func start() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		fmt.Fprintln(os.Stderr, "relay-sync: ended by a second signal. If a write was not complete, the next sync repairs or reports it")
		os.Exit(int(report.Failed))
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// exitError carries an exit code that is not an error to print.
type exitError struct{ outcome report.Outcome }

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.outcome) }

// run executes a command line and returns the exit code. It writes results to
// stdout, everything else to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := newOptions(stdout, stderr)
	defer o.flush()
	command := o.rootCommand()
	command.SetArgs(args)
	err := command.ExecuteContext(ctx)
	if exit, ok := errors.AsType[exitError](err); ok {
		return int(exit.outcome)
	}
	if err != nil {
		fmt.Fprintln(o.stderr, "relay-sync: "+foreign.Lines(err.Error()))
		return int(report.Failed)
	}
	return int(report.Clean)
}
