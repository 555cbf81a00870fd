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
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// sshSession reaches a remote over SSH by itself: no ssh program, no agent, no configuration of the user's.
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
		return nil, fmt.Errorf("remote.known_hosts: %s", gitcommand.Truncate(gitcommand.Printable(err.Error())))
	}
	port := r.Port
	if port == "" {
		port = "22"
	}
	s := &sshSession{address: net.JoinHostPort(r.Host, port), command: service + " '" + r.Path + "'", known: a.KnownHosts}
	s.config = ssh.ClientConfig{
		User: r.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: handshakes,
		HostKeyCallback: hosts.HostKeyCallback(),
		// Of a host with several keys, it must show one that is known.
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
		return nil, fmt.Errorf("remote.ssh_key: %s is protected with a passphrase; create a copy without one (ssh-keygen -p) in a file that only this program can read", conffile.Display(path))
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
		return because(ctx, fmt.Errorf("%w: %s", ErrUnreachable, gitcommand.Truncate(gitcommand.Printable(err.Error()))))
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends whatever is waited for
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
		return s.broke(err)
	}
	defer session.Close()
	said := &beginning{}
	session.Stderr = said
	in, inErr := session.StdinPipe()
	out, outErr := session.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		return s.broke(err)
	}
	// A server that takes no variables speaks an older protocol.
	_ = session.Setenv("GIT_PROTOCOL", "version=2")
	if err := session.Start(s.command); err != nil {
		return s.broke(err)
	}
	go func() {
		_, _ = io.Copy(in, client) // the end of either is seen below
		_ = in.Close()
	}()
	if _, err := io.Copy(client, watched{out, giveUp, stallTimeout}); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return err
		}
		return s.broke(err)
	}
	return s.ended(session.Wait(), said.String())
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
		return nil, fmt.Errorf("%w: its host key is not the one in %s; either somebody is in between, or the host has a new key, which its operator publishes", ErrUntrusted, s.known)
	case knownhosts.IsHostUnknown(host):
		return nil, fmt.Errorf("%w: %s has no key of %s; add the one that its operator publishes", ErrUntrusted, s.known, s.address)
	case host != nil:
		return nil, fmt.Errorf("%w: %s does not let its host key pass", ErrUntrusted, s.known)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return nil, fmt.Errorf("%w: it does not take the key of remote.ssh_key for user %s; add its public key there, with the right to read", ErrAuthentication, s.config.User)
	}
	return nil, s.broke(err)
}

func (s *sshSession) broke(err error) error {
	return fmt.Errorf("%w: the connection broke off: %s", ErrUnreachable, gitcommand.Truncate(gitcommand.Printable(err.Error())))
}

// ended judges how the remote's command ended.
func (s *sshSession) ended(err error, said string) error {
	if err == nil {
		return nil
	}
	if _, is := errors.AsType[*ssh.ExitError](err); is {
		return fmt.Errorf("%w: %s", ErrRejected, gitcommand.OneLine([]byte(said)))
	}
	return s.broke(err)
}

// beginning keeps the first words of a remote, which may say what is wrong.
type beginning struct{ kept []byte }

const maxSaid = 4 << 10

func (b *beginning) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxSaid-len(b.kept))]...)
	return len(p), nil
}

func (b *beginning) String() string { return string(b.kept) }
