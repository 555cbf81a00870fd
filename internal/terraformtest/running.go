// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// Running is a run of the CLI that has not ended.
type Running struct {
	cmd    *exec.Cmd
	output lockedBuffer
}

// lockedBuffer is what a run has said so far.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// Start begins a run. It is killed with the test, if it is still there.
func (w *Workspace) Start(t *testing.T, args ...string) *Running {
	t.Helper()
	r := &Running{cmd: w.command(t.Context(), args...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	if err := r.cmd.Start(); err != nil {
		t.Fatalf("starting the CLI: %v", err)
	}
	return r
}

// Interrupt asks for an orderly stop, as Ctrl-C does once.
func (r *Running) Interrupt(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatalf("interrupting the CLI: %v", err)
	}
}

// Wait returns what the run said, whatever came of it.
func (r *Running) Wait(t *testing.T) Result {
	t.Helper()
	if err := r.cmd.Wait(); err != nil && r.cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("waiting for the CLI: %v\n%s", err, r.output.buf.String())
	}
	return Result{Code: r.cmd.ProcessState.ExitCode(), Output: r.output.buf.String()}
}
