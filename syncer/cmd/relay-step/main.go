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

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/buildinfo"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// version is set at link time.
var version = buildinfo.Unknown

// build is this build of relay-step.
var build = buildinfo.Read(version)

func main() { os.Exit(start()) }

// start runs the command line of this process.
func start() int {
	step.Harden()
	o := &options{environment: takeEnvironment(), signals: make(chan os.Signal, 16), stderr: os.Stderr}
	return o.run(os.Args[1:])
}

// exitError is an exit code with the error to print, or without one.
type exitError struct {
	code  int
	cause error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// run executes a command line and returns the exit code.
func (o *options) run(args []string) int {
	command := o.rootCommand()
	command.SetArgs(args)
	err := command.Execute()
	exit, is := errors.AsType[*exitError](err)
	switch {
	case err == nil:
		return 0
	case !is:
		exit = &exitError{step.ExitFailed, err}
	}
	if exit.cause != nil {
		o.print(err.Error())
	}
	return exit.code
}

// print prints a text for people; the only other output of this program is add-mask.
func (o *options) print(text string) {
	_, _ = io.WriteString(o.stderr, foreign.Lines("relay-step: "+text)+"\n")
}

// interruptible is a context that ends at the first signal. After stop, signals stay in the
// channel.
func (o *options) interruptible() (ctx context.Context, stop func()) {
	signal.Notify(o.signals, step.Signals...) // until now they end this process, which has nothing to revoke or remove
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case received := <-o.signals:
				number, _ := received.(syscall.Signal)
				if ctx.Err() != nil { // the second one: the token is not revoked yet
					os.Exit(step.ExitSignal + int(number))
				}
				cancel(&exitError{step.ExitSignal + int(number), errors.New("ended by a signal before the command started: " + number.String())})
			case <-stopped:
				return
			}
		}
	}()
	return ctx, func() {
		close(stopped)
		<-done
		cancel(nil)
	}
}

func (o *options) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "relay-step",
		Short: "Give the secrets of a workflow to one command of a CI job",
		Long: `relay-step logs in to Vault as the job that runs it, reads secrets of one workflow, and
runs a command with them. It needs the reader's policy of that workflow, which
relay-sync policy reader --workflow WORKFLOW prints. It cannot write.`,
		Example:       `  relay-step exec --workflow deploy --login github --role deploy --env TOKEN=api_token -- ./deploy.sh`,
		Version:       build.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(os.Stdout)
	root.SetVersionTemplate("relay-step {{.Version}}\n")
	root.AddCommand(o.execCommand(), o.runCommand(), removeCommand())
	return root
}
