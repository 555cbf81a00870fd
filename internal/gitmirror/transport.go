// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	maxListing   = 64 << 20         // bytes of a remote's listing of refs
	listTimeout  = time.Minute      // for that listing
	stallTimeout = 60 * time.Second // for a remote that sends nothing during a response
)

// transport reaches git-upload-pack at a remote. It forwards git's protocol and interprets no more of it than where a
// request ends.
type transport interface {
	// forward forwards one connection until the client or the remote closes it. The error is why the remote's side
	// failed; it is nil if the client closed first.
	forward(ctx context.Context, client *clientSide) error
	// canNegotiate reports whether git may send what it has in several requests, as the remote's protocol was at the
	// last forward.
	canNegotiate() bool
	close()
}

// clientSide is git's end of a connection. It bounds what the remote may send.
type clientSide struct {
	conn  io.ReadWriter
	left  int64
	limit int64

	mu   sync.Mutex
	gone bool
}

func newClientSide(conn io.ReadWriter, limit int64) *clientSide {
	return &clientSide{conn: conn, left: limit, limit: limit}
}

// Read reads what the client sends. A closed connection is io.EOF.
func (c *clientSide) Read(b []byte) (int, error) {
	n, err := c.conn.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		c.leave()
		err = io.EOF
	}
	return n, err
}

// Write forwards what the remote sends.
func (c *clientSide) Write(b []byte) (int, error) {
	if c.left -= int64(len(b)); c.left < 0 {
		return 0, fmt.Errorf("%w: the remote sent more than %d MiB", ErrTooLarge, c.limit>>20)
	}
	n, err := c.conn.Write(b)
	if err != nil {
		c.leave()
	}
	return n, err
}

func (c *clientSide) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
}

// unlessGone returns err, or nil if the client closed first: then the rest has no effect.
func (c *clientSide) unlessGone(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone && !errors.Is(err, ErrTooLarge) {
		return nil
	}
	return err
}

// watched reads from a remote, and calls giveUp if a read takes longer than limit.
type watched struct {
	io.Reader
	giveUp func() // ends the connection
	limit  time.Duration
}

func (w watched) Read(b []byte) (int, error) {
	timer := time.AfterFunc(w.limit, w.giveUp)
	defer timer.Stop()
	return w.Reader.Read(b)
}

// errStalled is the cause of a context that a stalled remote ended.
var errStalled = fmt.Errorf("%w: timed out: it sent nothing for %s", ErrUnreachable, stallTimeout)

// because returns why ctx ended, or err if it has not.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%w: timed out", ErrUnreachable)
		}
		return cause
	}
	return err
}

// socketPair creates two connected sockets: one for this process, one to be inherited by git.
func socketPair() (local net.Conn, inherited *os.File, err error) {
	syscall.ForkLock.RLock() // so that no program started now inherits them
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("create a socket for git: %w", err)
	}
	inherited = os.NewFile(uintptr(fds[1]), "git")
	file := os.NewFile(uintptr(fds[0]), "remote")
	defer file.Close()
	if local, err = net.FileConn(file); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("create a socket for git: %w", err), inherited.Close())
	}
	return local, inherited, nil
}
