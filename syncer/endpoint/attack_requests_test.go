// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
)

func TestEndlessRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := startTarget(t, DefaultLimits)
	for name, row := range map[string]struct{ begin, forever, want string }{
		"request line": {"GET /", strings.Repeat("x", 4096), "431"},
		"header":       {"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", strings.Repeat("x", 4096), "431"},
		"headers":      {"GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", "431"},
		"chunks":       {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n" + strings.Repeat("x", 4096) + "\r\n", "413"},
		"chunk line":   {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("0", 4096), "413"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.connect(t, "127.0.0.1", row.begin)
			go endless(c, row.forever)
			line, err := bufio.NewReader(c).ReadString('\n')
			// A reset can overtake the answer.
			if reset := err != nil && line == ""; !reset && !strings.Contains(line, row.want) {
				t.Errorf("%q, %v", line, err)
			}
			ends(t, c)
		})
	}
}

func TestLargeAndManyHeadersAreRefused(t *testing.T) {
	t.Parallel()
	s := startTarget(t, DefaultLimits)
	if got := s.answers(t, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", maxHeaderBytes+(4<<10))+"\r\n\r\n"); len(got) != 1 || !strings.HasPrefix(got[0], "431 ") {
		t.Errorf("a large header: %q", got)
	}
	var text strings.Builder
	for i := range maxHeaders + 1 {
		fmt.Fprintf(&text, "X-%d: y\r\n", i)
	}
	if got := s.answers(t, "GET / HTTP/1.1\r\nHost: x\r\n"+text.String()+"\r\n"); len(got) != 1 || !strings.HasPrefix(got[0], "431 ") {
		t.Errorf("many headers: %q", got)
	}
}

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// With both lengths net/http reads the chunked body, and a proxy may have sent what
// follows as the body of the length.
func TestSmuggledRequestIsNotServed(t *testing.T) {
	t.Parallel()
	post := "POST / HTTP/1.1\r\nHost: x\r\n"
	for name, row := range map[string]struct{ text, want string }{
		"both lengths":              {post + "Content-Length: 66\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 OK"},
		"both lengths, other order": {post + "Transfer-Encoding: chunked\r\nContent-Length: 66\r\n\r\n0\r\n\r\n", "200 OK"},
		"two lengths":               {post + "Content-Length: 0\r\nContent-Length: 66\r\n\r\n", "400 Bad Request"},
		"a list of lengths":         {post + "Content-Length: 0, 66\r\n\r\n", "400 Bad Request"},
		"a signed length":           {post + "Content-Length: +0\r\n\r\n", "400 Bad Request"},
		"a space before the colon":  {post + "Content-Length : 66\r\n\r\n", "400 Bad Request"},
		"an unknown coding":         {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501 Not Implemented"},
		"two codings":               {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "501 Not Implemented"},
		"HTTP/2":                    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"},
		"two hosts":                 {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400 Bad Request"},
		"no host":                   {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTarget(t, DefaultLimits)
			got := s.answers(t, row.text+smuggled)
			if len(got) != 1 || !strings.HasPrefix(got[0], row.want) {
				t.Errorf("answers %q, want one: %s", got, row.want)
			}
			for range len(s.served) {
				if path := <-s.served; path == "/smuggled" {
					t.Error("the smuggled request was served")
				}
			}
		})
	}
}

// Pipelined requests are served one after the other, so they are one connection.
func TestPipelinedRequestsUseOneConnection(t *testing.T) {
	t.Parallel()
	s := startTarget(t, DefaultLimits)
	got := s.answers(t, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 500)+"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if len(got) != 501 || got[500] != "200 OK" {
		t.Errorf("%d answers", len(got))
	}
}
