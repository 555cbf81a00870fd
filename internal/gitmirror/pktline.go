// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A packet of gitprotocol-common(5), "pkt-line Format": the length in four hexadecimal digits, which counts them too, and
// then the bytes. Lengths below four are marks without bytes.
const (
	flush    = "0000"
	maxPkt   = 65520
	pktEmpty = 4
)

// errProtocol is wrapped by the errors for a remote that does not follow git's protocol.
var errProtocol = errors.New("the response is not that of a git server")

// packet is one packet; a mark has no text.
type packet struct {
	mark string // flush, or another length below four; empty for a packet with text
	text string
}

// raw returns the packet as it was sent.
func (p packet) raw() string {
	if p.mark != "" {
		return p.mark
	}
	return fmt.Sprintf("%04x%s", len(p.text)+pktEmpty, p.text)
}

// line returns the text without the line feed at its end.
func (p packet) line() string { return strings.TrimSuffix(p.text, "\n") }

// readPacket reads one packet. The error is io.EOF at the end between packets.
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
		return packet{}, fmt.Errorf("%w: incomplete packet", errProtocol)
	}
	return packet{text: string(text)}, nil
}
