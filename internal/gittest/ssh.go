// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gittest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSH serves repositories by their absolute path, to the user git with one key.
type SSH struct {
	// Address is host:port.
	Address string
	// Key is the file of the accepted private key, KnownHosts a file with the server's host key.
	Key, KnownHosts string
	// OldProtocol refuses environment variables, and so protocol 2.
	OldProtocol bool

	t        testing.TB
	config   *ssh.ServerConfig
	mu       sync.Mutex
	cut      int
	sessions int
	accepted []ssh.PublicKey
}

// NewSSH starts a server, which stops at the end of the test. Its fields may be set until the first connection.
func NewSSH(t testing.TB) *SSH {
	t.Helper()
	dir := t.TempDir()
	host, _ := NewSSHKey(t, filepath.Join(dir, "host"))
	client, _ := NewSSHKey(t, filepath.Join(dir, "client"))
	s := &SSH{t: t, accepted: []ssh.PublicKey{client.PublicKey()}, Key: filepath.Join(dir, "client"), KnownHosts: filepath.Join(dir, "known_hosts")}
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() == "git" && s.accepts(key) {
			return nil, nil
		}
		return nil, errors.New("unknown key")
	}}
	s.config.AddHostKey(host)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = listener.Addr().String()
	line := knownhosts.Line([]string{s.Address}, host.PublicKey()) + "\n"
	if err := os.WriteFile(s.KnownHosts, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	t.Cleanup(served.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() { s.serve(conn) })
		}
	})
	return s
}

// Accept adds a public key of the user, as a git host does.
func (s *SSH) Accept(key ssh.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, key)
}

func (s *SSH) accepts(key ssh.PublicKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.accepted, func(accepted ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), accepted.Marshal()) })
}

// NewSSHKey creates a key pair and writes the private key to a file.
func NewSSHKey(t testing.TB, path string) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, private
}

// CutAfter cuts each response after so many bytes; 0 turns this off.
func (s *SSH) CutAfter(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = bytes
}

// Sessions returns the number of commands since the last call.
func (s *SSH) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions
	s.sessions = 0
	return n
}

func (s *SSH) serve(conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(s.t.Context(), func() { _ = conn.Close() })
	defer stop()
	link, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	defer link.Close()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		s.session(conn, channel, requests)
	}
}

// session handles the requests of one channel: a variable, then the command.
func (s *SSH) session(conn net.Conn, channel ssh.Channel, requests <-chan *ssh.Request) {
	env := environment()
	for r := range requests {
		switch {
		case r.Type == "env" && !s.OldProtocol:
			var variable struct{ Name, Value string }
			ok := ssh.Unmarshal(r.Payload, &variable) == nil && variable.Name == "GIT_PROTOCOL"
			if ok {
				env = append(env, variable.Name+"="+variable.Value)
			}
			_ = r.Reply(ok, nil)
		case r.Type == "exec":
			var command struct{ Line string }
			_ = r.Reply(ssh.Unmarshal(r.Payload, &command) == nil, nil)
			go func() {
				code := s.run(conn, channel, env, command.Line)
				_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)})) //nolint:gosec // 0 to 255
				_ = channel.Close()
			}()
		default:
			_ = r.Reply(false, nil)
		}
	}
}

func (s *SSH) run(conn net.Conn, channel ssh.Channel, env []string, line string) int {
	s.mu.Lock()
	s.sessions++
	cut := s.cut
	s.mu.Unlock()
	path, is := strings.CutPrefix(line, "git-upload-pack '")
	path, ended := strings.CutSuffix(path, "'")
	if !is || !ended {
		_, _ = io.WriteString(channel.Stderr(), "only git-upload-pack is served\n")
		return 128
	}
	cmd := exec.CommandContext(s.t.Context(), "git", "upload-pack", path)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, channel, channel.Stderr()
	if cut > 0 {
		cmd.Stdout = &connCutter{to: channel, conn: conn, left: cut}
	}
	// Not as cmd.Stdin: Wait would wait until the client closes the channel.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 1
	}
	go func() {
		_, _ = io.Copy(stdin, channel)
		_ = stdin.Close()
	}()
	if err := cmd.Run(); err != nil {
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	return 0
}

type connCutter struct {
	to   io.Writer
	conn net.Conn
	left int
}

func (c *connCutter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		return n, errors.Join(io.ErrClosedPipe, c.conn.Close())
	}
	return n, err
}
