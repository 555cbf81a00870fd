// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// background is a program that runs until stop.
type background struct {
	name   string
	cmd    *exec.Cmd
	stdin  io.Closer
	kill   context.CancelFunc
	log    bytes.Buffer
	ended  chan struct{}
	result error // once ended is closed
}

// start starts a program, which close stops. It sends input to it as JSON, if input is not
// nil, and waits for its announcement on standard output, if announcement is not nil.
func (w *world) start(ctx context.Context, name string, args []string, input, announcement any) (*background, error) {
	program, err := w.tools.find(args[0])
	if err != nil {
		return nil, err
	}
	ctx, kill := context.WithCancel(context.WithoutCancel(ctx)) // stop ends it
	b := &background{name: name, kill: kill, ended: make(chan struct{}), cmd: exec.CommandContext(ctx, program, args[1:]...)}
	b.cmd.Dir, b.cmd.Env, b.cmd.Stderr = w.dir, w.environment(nil), &b.log
	inOwnGroup(b.cmd)
	stdin, inErr := b.cmd.StdinPipe()
	stdout, outErr := b.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, b.cmd.Start()); err != nil {
		kill()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	b.stdin = stdin
	tooLong := time.AfterFunc(startTimeout, kill)
	if input != nil {
		err = json.NewEncoder(stdin).Encode(input)
	}
	if err == nil && announcement != nil {
		err = json.NewDecoder(stdout).Decode(announcement)
	}
	tooLong.Stop()
	go func() {
		b.result = b.cmd.Wait()
		close(b.ended)
	}()
	if err != nil {
		stopped := b.stop()
		return nil, errors.Join(fmt.Errorf("start %s: %w; its output was: %s", name, err, b.log.String()), stopped)
	}
	w.running = append(w.running, b)
	return b, nil
}

// stop ends the program and waits for its process.
func (b *background) stop() error {
	defer b.kill()
	_ = b.stdin.Close()                       // the process may have ended
	_ = b.cmd.Process.Signal(syscall.SIGTERM) // the same
	select {
	case <-b.ended:
		if b.result != nil {
			return fmt.Errorf("stop %s: %w; its output was: %s", b.name, b.result, b.log.String())
		}
		return nil
	case <-time.After(stopTimeout):
		b.kill()
		<-b.ended
		return fmt.Errorf("stop %s: timed out after %s, killed: %w", b.name, stopTimeout, b.result)
	}
}

// ready waits until the program is ready. It fails if the program ends before that.
func (b *background) ready(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	tooLong := time.After(startTimeout)
	for !is() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", b.name, ctx.Err())
		case <-b.ended:
			return fmt.Errorf("%s ended: %w; its output was: %s", b.name, b.result, b.log.String())
		case <-tooLong:
			return fmt.Errorf("wait for %s: timed out after %s", b.name, startTimeout)
		case <-tick.C:
		}
	}
	return nil
}
