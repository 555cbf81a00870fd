// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// command returns the arguments of go.
func (r row) command() []string {
	args := []string{"test", "-json", "-count=1", "-timeout=40m"}
	if r.module != "" {
		args = append([]string{"-C", r.module}, args...)
	}
	pattern := "^(" + r.run + ")$"
	if len(r.goals) > 0 {
		args = append(args, "-run=^$", "-bench="+pattern)
	} else {
		args = append(args, "-run="+pattern)
	}
	args = append(append(args, r.flags...), r.pkg)
	if len(r.args) > 0 {
		args = append(append(args, "-args"), r.args...)
	}
	return args
}

// try runs the test of a row. A test that fails is a row that was not survived, not an error.
func (r row) try(ctx context.Context) (result, error) {
	args := r.command()
	command := exec.CommandContext(ctx, "go", args...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return result{}, fmt.Errorf("start go test: %w", err)
	}
	out, readErr := read(stdout)
	waitErr := command.Wait()
	switch {
	case ctx.Err() != nil:
		return result{}, fmt.Errorf("interrupted at %q", r.what)
	case readErr != nil:
		return result{}, readErr
	case waitErr != nil && len(out.failed) == 0:
		return result{}, fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), waitErr, out.output, stderr.String())
	}
	return result{row: r, outcome: out, took: time.Since(begun)}, nil
}
