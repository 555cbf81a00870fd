// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// sshSession connects to a remote over SSH without an ssh program, an agent or a configuration of the user.
type sshSession struct {
	address string // host:port
	config  ssh.ClientConfig
	command string
	known   string // the known_hosts file, for errors
}

func newSSH(r Remote, a Access) (*sshSession, error) {
	signer, err := readKey(a.SSHKey)
	if err != nil {
		return nil, err
	}
	// knownhosts opens the file by itself, and would wait at a FIFO.
	if _, err := conffile.Read(a.KnownHosts, conffile.MaxPEMBytes); err != nil {
		return nil, fmt.Errorf("remote.known_hosts: %w", err)
	}
	hosts, err := knownhosts.NewDB(a.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("remote.known_hosts: %s", foreign.Short(err.Error()))
	}
	port := r.Port
	if port == "" {
		port = "22"
	}
	s := &sshSession{address: net.JoinHostPort(r.Host, port), command: service + " '" + r.Path + "'", known: a.KnownHosts}
	s.config = ssh.ClientConfig{
		User: r.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: handshakes,
		HostKeyCallback: hosts.HostKeyCallback(),
		// A host with several keys must present one of the known ones.
		HostKeyAlgorithms: hosts.HostKeyAlgorithms(s.address),
	}
	return s, nil
}

func readKey(path string) (ssh.Signer, error) {
	data, err := conffile.Read(path, conffile.MaxPEMBytes)
	if err != nil {
		return nil, fmt.Errorf("remote.ssh_key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, fmt.Errorf("remote.ssh_key: %s is protected with a passphrase; copy it to a file that only this program can read, and remove the passphrase of the copy with ssh-keygen -p -f", conffile.Display(path))
	}
	if err != nil { // which could quote the file
		return nil, fmt.Errorf("remote.ssh_key: %s is not a private key of a supported type", conffile.Display(path))
	}
	return signer, nil
}

func (s *sshSession) canNegotiate() bool { return true }

func (s *sshSession) close() {}

func (s *sshSession) forward(ctx context.Context, client *clientSide) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conn, err := (&net.Dialer{Timeout: handshakes}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return because(ctx, fmt.Errorf("%w: %s", ErrUnreachable, foreign.Short(err.Error())))
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a blocked read or write
	defer stop()
	return client.unlessGone(because(ctx, s.serve(conn, client, func() { cancel(errStalled) })))
}

func (s *sshSession) serve(conn net.Conn, client *clientSide, giveUp func()) error {
	late := time.AfterFunc(handshakes, giveUp)
	link, err := s.handshake(conn)
	late.Stop()
	if err != nil {
		return err
	}
	defer link.Close()
	session, err := link.NewSession()
	if err != nil {
		return s.connectionLost(err)
	}
	defer session.Close()
	stderr := &limitedBuffer{}
	session.Stderr = stderr
	in, inErr := session.StdinPipe()
	out, outErr := session.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		return s.connectionLost(err)
	}
	// A server that accepts no variables uses an older protocol.
	_ = session.Setenv("GIT_PROTOCOL", "version=2")
	if err := session.Start(s.command); err != nil {
		return s.connectionLost(err)
	}
	go func() {
		_, _ = io.Copy(in, client) // the end of the session is handled below
		_ = in.Close()
	}()
	if _, err := io.Copy(client, watched{out, giveUp, stallTimeout}); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return err
		}
		return s.connectionLost(err)
	}
	return s.exitError(session.Wait(), stderr.String())
}

func (s *sshSession) handshake(conn net.Conn) (*ssh.Client, error) {
	var host error
	config := s.config
	config.HostKeyCallback = func(name string, remote net.Addr, key ssh.PublicKey) error {
		host = s.config.HostKeyCallback(name, remote, key)
		return host
	}
	link, channels, requests, err := ssh.NewClientConn(conn, s.address, &config)
	switch {
	case err == nil:
		return ssh.NewClient(link, channels, requests), nil
	case knownhosts.IsHostKeyChanged(host):
		return nil, fmt.Errorf("%w: the host key is not the one in %s: an attacker may intercept the connection, or the host has a new key. Hint: compare it with the key that the host's operator publishes", ErrUntrusted, s.known)
	case knownhosts.IsHostUnknown(host):
		return nil, fmt.Errorf("%w: no host key of %[3]s in %[2]s. Hint: add the key that the host's operator publishes", ErrUntrusted, s.known, s.address)
	case host != nil:
		return nil, fmt.Errorf("%w: the host key is not valid by %s", ErrUntrusted, s.known)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, fmt.Errorf("%w: the key of remote.ssh_key is not accepted for user %s. Hint: add its public key at the git host, with read access", ErrAuthentication, s.config.User)
	}
	return nil, s.connectionLost(err)
}

func (s *sshSession) connectionLost(err error) error {
	return fmt.Errorf("%w: connection lost: %s", ErrUnreachable, foreign.Short(err.Error()))
}

// exitError returns the error of the remote's command; nil if it succeeded.
func (s *sshSession) exitError(err error, stderr string) error {
	if err == nil {
		return nil
	}
	if _, is := errors.AsType[*ssh.ExitError](err); is {
		return fmt.Errorf("%w: %s", ErrRejected, gitcommand.OneLine([]byte(stderr)))
	}
	return s.connectionLost(err)
}

// limitedBuffer keeps the first bytes of a remote's standard error.
type limitedBuffer struct{ kept []byte }

const maxStderr = 4 << 10

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxStderr-len(b.kept))]...)
	return len(p), nil
}

func (b *limitedBuffer) String() string { return string(b.kept) }
