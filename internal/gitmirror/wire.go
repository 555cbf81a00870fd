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
	maxListing   = 64 << 20         // bytes that a remote may need to tell of its refs
	lookTimeout  = time.Minute      // for asking where a ref points
	stallTimeout = 60 * time.Second // for a remote that sends nothing while it should
)

// transport reaches a remote's git-upload-pack. What it is given to carry is a conversation of git's protocol, which it
// need not understand beyond where a request ends.
type transport interface {
	// converse carries one conversation until the client hangs up or the remote has said its last. The error says why
	// it broke off; that the client hung up is none.
	converse(ctx context.Context, client *clientSide) error
	// negotiated tells whether, with a remote of this protocol version, git may tell in several rounds what it has.
	negotiated(version int) bool
	close()
}

// clientSide is the end of a conversation at which git, or lookUp, sits. It bounds what the remote may say.
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

// Read reads what the client says. A client that is gone has said its last.
func (c *clientSide) Read(b []byte) (int, error) {
	n, err := c.conn.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		c.leave()
		err = io.EOF
	}
	return n, err
}

// Write passes on what the remote says.
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

// unlessGone is err, or nil where the client left first: then nobody wants the rest.
func (c *clientSide) unlessGone(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone && !errors.Is(err, ErrTooLarge) {
		return nil
	}
	return err
}

// watched reads from a remote and gives up on one that sends nothing for stallTimeout.
type watched struct {
	io.Reader
	giveUp func() // ends the conversation
	limit  time.Duration
}

func (w watched) Read(b []byte) (int, error) {
	timer := time.AfterFunc(w.limit, w.giveUp)
	defer timer.Stop()
	return w.Reader.Read(b)
}

// errStalled is the cause of a context that a stalled remote ended.
var errStalled = fmt.Errorf("%w: it sent nothing for %s", ErrUnreachable, stallTimeout)

// because is why ctx ended, or err where it has not.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%w: it took too long", ErrUnreachable)
		}
		return cause
	}
	return err
}

// socketPair makes two connected sockets: one for us, one to be inherited by git.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	syscall.ForkLock.RLock() // so that no program started now inherits them
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket for git: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "git")
	file := os.NewFile(uintptr(fds[0]), "remote")
	defer file.Close()
	if ours, err = net.FileConn(file); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("making a socket for git: %w", err), theirs.Close())
	}
	return ours, theirs, nil
}
