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

// Running is a run of the CLI in the background.
type Running struct {
	cmd    *exec.Cmd
	output lockedBuffer
}

// lockedBuffer is the output of a run so far.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// Start starts a run. The end of the test kills it.
func (w *Workspace) Start(t *testing.T, args ...string) *Running {
	t.Helper()
	r := &Running{cmd: w.command(t.Context(), args...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	if err := r.cmd.Start(); err != nil {
		t.Fatalf("start the CLI: %v", err)
	}
	return r
}

// Interrupt requests an orderly stop, as one Ctrl-C does.
func (r *Running) Interrupt(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatalf("interrupt the CLI: %v", err)
	}
}

// Wait returns the result of the run, also if it failed.
func (r *Running) Wait(t *testing.T) Result {
	t.Helper()
	if err := r.cmd.Wait(); err != nil && r.cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("wait for the CLI: %v\n%s", err, r.output.buf.String())
	}
	return Result{Code: r.cmd.ProcessState.ExitCode(), Output: r.output.buf.String()}
}
