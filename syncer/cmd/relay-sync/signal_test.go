// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// TestSecondSignalEndsAProcessThatWaits lets a command wait for a pipe that a person
// named: it cannot know that nothing will come.
func TestSecondSignalEndsAProcessThatWaits(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("relay-sync", "verify", pipe)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() { _ = command.Process.Kill() })
	var writer *os.File
	if !await.Until(30*time.Second, func() (reads bool) {
		var err error
		writer, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil
	}) {
		t.Fatal("the command does not read the pipe")
	}
	defer writer.Close()
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		if err := command.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Errorf("the process ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the process still waits after two signals")
	}
}
