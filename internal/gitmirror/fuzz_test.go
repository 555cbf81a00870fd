// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzPackets: what is read of a stream of packets is a part of the stream, and nothing is
// made from a length that the stream does not have.
func FuzzPackets(f *testing.F) {
	const request = "0014command=ls-refs\n0001" + "0009peel\n" + "0000"
	fuzztest.Add(f, fuzztest.Seed{[]byte("001e# service=git-upload-pack\n0000000eversion 2\n0000")}, fuzztest.Seed{[]byte(request + request)},
		fuzztest.Seed{[]byte("0032want 0000000000000000000000000000000000000000\n00000009done\n")}, fuzztest.Seed{[]byte("fff0x")}, fuzztest.Seed{[]byte("FFFF")}, fuzztest.Seed{[]byte("00040003-001")})
	f.Fuzz(func(t *testing.T, stream []byte) {
		in, read := bytes.NewReader(stream), ""
		for {
			p, err := readPacket(in)
			if err != nil {
				if !errors.Is(err, errProtocol) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got an error of another kind: %v", err)
				}
				break
			}
			if len(p.text) > maxPkt-pktEmpty || p.mark != "" && p.text != "" {
				t.Fatalf("not a packet: %+v", p)
			}
			read += p.raw()
		}
		if len(read) > len(stream) || !strings.EqualFold(read, string(stream[:len(read)])) {
			t.Errorf("%q was read as %q", stream, read)
		}
		for _, version := range []int{0, 2} {
			request, err := readRequest(bytes.NewReader(stream), version)
			if err == nil && len(request) > 0 && !strings.EqualFold(string(request), string(stream[:len(request)])) {
				t.Errorf("%q has the request %q", stream, request)
			}
		}
		remote, out := &https{}, &bytes.Buffer{}
		if err := remote.advertise(bytes.NewReader(stream), out); err == nil && !strings.HasSuffix(strings.ToLower(string(stream)), strings.ToLower(out.String())) {
			t.Errorf("%q is forwarded as %q", stream, out)
		}
	})
}

// FuzzListing: the id of a listed ref is an object id, or the listing is refused.
func FuzzListing(f *testing.F) {
	id := strings.Repeat("0f", 20)
	fuzztest.Add(f, fuzztest.Texts(id+"\trefs/heads/main\n", id+"\trefs/heads/x/refs/heads/main\n"+strings.Repeat("a", 64)+"\trefs/heads/main\n",
		strings.Repeat("-", 40)+"\trefs/heads/main\n", "x\trefs/heads/main")...)
	f.Fuzz(func(t *testing.T, listing string) {
		m := &Mirror{}
		m.cfg.Ref = "refs/heads/main"
		head, err := m.parseListing(listing)
		switch {
		case err == nil && (strings.Trim(head.id, "0123456789abcdef") != "" || len(head.id) != map[string]int{"sha1": 40, "sha256": 64}[head.format]):
			t.Errorf("%q has the id %q in format %q", listing, head.id, head.format)
		case err != nil && !foreign.Printable(err.Error()):
			t.Errorf("the error is not printable: %q", err)
		}
	})
}

// FuzzRemote: an address is refused without quoting it, or its text is one without
// credentials that gives the same remote.
func FuzzRemote(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts("https://git.example.com/team/a.git", "ssh://git@host:22/~a", "git@host:a/b", "https://user@[::1]:8443/a%20b",
		"https://u:canary-of-password@h/p", "ext::sh -c x", "-oProxyCommand=x:y", "ssh://-x@h/p", "https://h/p?canary-of-password")...)
	f.Fuzz(func(t *testing.T, address string) {
		r, err := ParseRemote(address)
		if err != nil {
			if strings.Contains(err.Error(), "canary-of") {
				t.Errorf("the error quotes the address: %v", err)
			}
			return
		}
		text := r.String()
		if r.Scheme == "https" {
			r.User = "" // String omits it
		}
		if again, err := ParseRemote(text); err != nil || again != r {
			t.Errorf("%q is %q, which is read as %+v (%v), want %+v", address, text, again, err, r)
		}
		if strings.HasPrefix(r.Host, "-") || strings.HasPrefix(r.User, "-") || strings.HasPrefix(r.Path, "-") || !foreign.Printable(text) {
			t.Errorf("%q was accepted as %+v", address, r)
		}
	})
}
