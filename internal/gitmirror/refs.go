// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
)

// head is what a remote says of one ref.
type head struct {
	// id is what the ref points to, which may be a tag object; empty if the remote has no such ref.
	id string
	// format is the remote's object format, "sha1" or "sha256".
	format string
	// version is that of the protocol which the remote speaks: 2, or 0 for older.
	version int
}

// lookUp asks the remote for one ref, by its full name. Nothing of the answer but this ref is kept, and the whole is
// bounded by maxListing; a remote of protocol 2 sends hardly more than this ref.
func lookUp(ctx context.Context, t transport, ref string) (head, error) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	client := newClientSide(theirs, maxListing)
	ended := make(chan error, 1)
	go func() {
		err := t.converse(ctx, client)
		_ = theirs.Close() // a pipe's never fails
		ended <- err
	}()
	h, err := askRefs(ours, ref)
	_ = ours.Close()
	if talk := <-ended; err != nil && talk != nil {
		return head{}, talk // why the answer broke off
	}
	return h, err
}

func askRefs(conn io.ReadWriter, ref string) (head, error) {
	in := bufio.NewReader(conn)
	first, err := readPacket(in)
	switch {
	case err != nil:
		return head{}, notGit(err)
	case first.refusal() != nil:
		return head{}, first.refusal()
	case first.line() == "version 2":
		return askRefs2(conn, in, ref)
	case first.line() == "version 1":
		if first, err = readPacket(in); err != nil {
			return head{}, notGit(err)
		}
	}
	return readRefs0(conn, in, first, ref)
}

// askRefs2 follows gitprotocol-v2(5): capabilities up to a flush, then the command ls-refs.
func askRefs2(conn io.Writer, in io.Reader, ref string) (head, error) {
	h := head{format: "sha1", version: 2}
	listed := false
	for {
		p, err := readPacket(in)
		if err != nil {
			return head{}, notGit(err)
		}
		if p.mark != "" {
			break
		}
		key, value, _ := strings.Cut(p.line(), "=")
		switch key {
		case "object-format":
			h.format = value
		case "ls-refs":
			listed = true
		}
	}
	if !listed {
		return head{}, errProtocol
	}
	request := pkt("command=ls-refs\n") + pkt("object-format="+h.format+"\n") + delim + pkt("ref-prefix "+ref+"\n") + flush
	if h.format == "sha1" { // servers that know no other do not know the word either
		request = pkt("command=ls-refs\n") + delim + pkt("ref-prefix "+ref+"\n") + flush
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return head{}, notGit(err)
	}
	if err := h.find(in, ref); err != nil {
		return head{}, err
	}
	_, err := io.WriteString(conn, flush) // no further command
	return h, ignoreClosed(err)
}

// readRefs0 follows gitprotocol-pack(5), "Reference Discovery": the first line has the capabilities behind a NUL.
func readRefs0(conn io.Writer, in io.Reader, first packet, ref string) (head, error) {
	line, capabilities, _ := strings.Cut(first.line(), "\x00")
	h := head{format: "sha1"}
	for _, capability := range strings.Fields(capabilities) {
		if value, is := strings.CutPrefix(capability, "object-format="); is {
			h.format = value
		}
	}
	if first.mark == "" {
		if err := h.note(line, ref); err != nil {
			return head{}, err
		}
		if err := h.find(in, ref); err != nil {
			return head{}, err
		}
	}
	_, err := io.WriteString(conn, flush) // nothing is wanted
	return h, ignoreClosed(err)
}

// ignoreClosed drops what comes of a remote that hung up after its last word.
func ignoreClosed(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// find reads lines up to a flush.
func (h *head) find(in io.Reader, ref string) error {
	for {
		p, err := readPacket(in)
		switch {
		case err != nil:
			return notGit(err)
		case p.mark != "":
			return nil
		case p.refusal() != nil:
			return p.refusal()
		}
		if err := h.note(p.line(), ref); err != nil {
			return err
		}
	}
}

var idPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func (h *head) note(line, ref string) error {
	fields := strings.Fields(line)
	switch {
	case len(fields) == 0 || !slices.Contains([]string{"sha1", "sha256"}, h.format):
		return errProtocol
	case len(fields) == 1 || fields[1] != ref:
		return nil
	case !idPattern.MatchString(fields[0]):
		return fmt.Errorf("%w: no object id where one should be", errProtocol)
	}
	h.id = fields[0]
	return nil
}
