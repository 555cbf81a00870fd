// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// A packet of gitprotocol-common(5), "pkt-line Format": four hexadecimal digits that tell the length with themselves, and
// so many bytes; lengths below four are marks without bytes.
const (
	flush    = "0000"
	delim    = "0001"
	maxPkt   = 65520
	pktEmpty = 4
)

// errProtocol is wrapped by the errors for a remote that does not speak as git's do.
var errProtocol = errors.New("the answer is not that of a git server")

// notGit is err as an answer that no git server gives, unless it is something better known.
func notGit(err error) error {
	if errors.Is(err, errProtocol) || errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", errProtocol, err)
}

// packet is one packet; a mark has no text.
type packet struct {
	mark string // flush, delim, or another one below four; empty for a packet with text
	text string
}

// raw is the packet as it was.
func (p packet) raw() string {
	if p.mark != "" {
		return p.mark
	}
	return pkt(p.text)
}

// line is the text without the line feed that most end with.
func (p packet) line() string { return strings.TrimSuffix(p.text, "\n") }

func pkt(text string) string { return fmt.Sprintf("%04x%s", len(text)+pktEmpty, text) }

// readPacket reads one packet. io.EOF is an end between packets.
func readPacket(r io.Reader) (packet, error) {
	var head [pktEmpty]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return packet{}, err
	}
	n, err := strconv.ParseUint(string(head[:]), 16, 16)
	switch {
	case err != nil || n > maxPkt:
		return packet{}, errProtocol
	case n < pktEmpty:
		return packet{mark: string(head[:])}, nil
	}
	text := make([]byte, n-pktEmpty)
	if _, err := io.ReadFull(r, text); err != nil {
		return packet{}, fmt.Errorf("%w: it ends in the middle", errProtocol)
	}
	return packet{text: string(text)}, nil
}

// refusal is the error that a server sends as a packet.
func (p packet) refusal() error {
	if said, is := strings.CutPrefix(p.text, "ERR "); is {
		return fmt.Errorf("%w: %s", ErrRejected, gitcommand.OneLine([]byte(said)))
	}
	return nil
}
