// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// Exit codes beside those of the command, as env(1) and shells have them.
const (
	// ExitFailed: the command was not started.
	ExitFailed = 125
	// ExitNotExecutable and ExitNotFound: the system cannot start the command.
	ExitNotExecutable = 126
	ExitNotFound      = 127
	// ExitSignal is added to the number of the signal that ended the command.
	ExitSignal = 128
)

// Signals are the signals that Run passes on.
var Signals = []os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
}

// Find returns the path of a program, as a shell finds it, and the exit code if it does not.
func Find(program string) (path string, code int, err error) {
	path, err = exec.LookPath(program)
	switch {
	case err == nil:
		return path, 0, nil
	case errors.Is(err, fs.ErrPermission):
		return "", ExitNotExecutable, fmt.Errorf("start %s: permission denied", conffile.Display(program))
	}
	if strings.Contains(program, "/") {
		return "", ExitNotFound, fmt.Errorf("start %s: no such program", conffile.Display(program))
	}
	return "", ExitNotFound, fmt.Errorf("start %s: not found in PATH", conffile.Display(program))
}

// Run runs a command, passes signals on to it, and returns its exit code. If this process is
// killed, Linux ends the command by SIGTERM. The error is that of a command that was not
// started.
func Run(command *exec.Cmd, signals <-chan os.Signal) (code int, err error) {
	runtime.LockOSThread() // Linux ends the command when the thread that started it ends
	defer runtime.UnlockOSThread()
	command.SysProcAttr = endsWithParent()
	if err := command.Start(); err != nil {
		if errors.Is(err, syscall.E2BIG) {
			return ExitNotExecutable, fmt.Errorf("start %s: the environment is larger than the system permits\nHint: give it fewer values: exec writes files with --files DIR, and in run a step reads its spec by ni", conffile.Display(command.Path))
		}
		return ExitNotExecutable, fmt.Errorf("start %s: %w", conffile.Display(command.Path), withoutPath(err))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // ProcessState has the outcome
	}()
	for {
		select {
		case signal := <-signals:
			if !sentByTerminal(signal) {
				_ = command.Process.Signal(signal) // it may have ended
			}
		case <-ended:
			return exitCode(command.ProcessState), nil
		}
	}
}

func exitCode(state *os.ProcessState) int {
	if status, is := state.Sys().(syscall.WaitStatus); is && status.Signaled() {
		return ExitSignal + int(status.Signal())
	}
	return state.ExitCode()
}

// sentByTerminal reports whether a terminal sends this signal to the command itself, too: to
// each process of the group in its foreground.
func sentByTerminal(signal os.Signal) bool {
	if signal != syscall.SIGINT && signal != syscall.SIGQUIT && signal != syscall.SIGHUP {
		return false
	}
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer terminal.Close()
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
