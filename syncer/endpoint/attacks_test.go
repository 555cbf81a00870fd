// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// target is a running server. Its handler reads the body and answers ok.
type target struct {
	*Server
	address string
	log     *logged
	// served receives the path of each request.
	served chan string
}

type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startTarget(t *testing.T, limits Limits) *target {
	t.Helper()
	out := &target{log: &logged{}, served: make(chan string, 10_000)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out.served <- r.URL.Path
		if r.URL.Path == "/panic" {
			panic("\x1b[2Jfailed\n::set-output")
		}
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20)); err != nil {
			http.Error(w, "the body is too large or incomplete", http.StatusRequestEntityTooLarge)
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
	out.Server = NewServer(handler, limits, slog.New(slog.NewTextHandler(out.log, nil)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out.address = l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- out.Serve(l) }()
	t.Cleanup(func() {
		_ = out.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return out
}

// connect opens a connection from an address of this machine, and sends text.
func (s *target) connect(t *testing.T, from, text string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := dialer.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text) // fails if the server closes first
	return c
}

// answers returns the status lines of the answers to a text until the server closes the
// connection.
func (s *target) answers(t *testing.T, text string) (statuses []string) {
	t.Helper()
	all, _ := io.ReadAll(s.connect(t, "127.0.0.1", text)) // what was answered, also before a reset
	for line := range strings.Lines(string(all)) {
		// Without a line feed in front: a body ends without one.
		if i := strings.Index(line, "HTTP/1."); i >= 0 {
			statuses = append(statuses, strings.TrimSpace(line[i+len("HTTP/1.1 "):]))
		}
	}
	return statuses
}

// isServed fails unless a request is answered.
func (s *target) isServed(t *testing.T, from string) {
	t.Helper()
	c := s.connect(t, from, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != 200 {
		t.Errorf("a real request from %s: %v, %v", from, response, err)
	}
}

// ends fails unless the server closes a connection, and returns the answer.
func ends(t *testing.T, c net.Conn) string {
	t.Helper()
	answer, err := io.ReadAll(c)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.Error("the connection stays open")
	}
	return string(answer)
}

func (o *connections) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open)
}

const (
	slowHeaders = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
	slowBody    = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome"
)

// The real request comes from the same address, as behind a reverse proxy.
func TestConnectionsThatSendNothingOrSlowlyDoNotLockOutARequest(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"idle": "", "slow headers": slowHeaders, "slow bodies": slowBody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTarget(t, DefaultLimits)
			for range 1000 {
				s.connect(t, "127.0.0.1", text)
			}
			s.isServed(t, "127.0.0.1")
			s.isServed(t, "127.0.0.2")
			if n := s.open.count(); n > DefaultLimits.ConnectionsPerClient+1 {
				t.Errorf("%d connections of one client stay open", n)
			}
			if n := strings.Count(s.log.String(), "too many connections"); n != 1 || !strings.Contains(s.log.String(), "client=127.0.0.1") {
				t.Errorf("%d warnings: %s", n, s.log)
			}
		})
	}
}

func TestClientThatHogsConnectionsClosesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits
	limits.Connections, limits.ConnectionsPerClient = 8, 6
	s := startTarget(t, limits)
	honest := s.connect(t, "127.0.0.2", slowBody)
	if path := <-s.served; path != "/" {
		t.Fatal(path)
	}
	for range 100 {
		s.connect(t, "127.0.0.1", slowBody)
		s.connect(t, "127.0.0.3", "")
	}
	s.isServed(t, "127.0.0.4")
	fmt.Fprint(honest, strings.Repeat("x", 96))
	if response, err := http.ReadResponse(bufio.NewReader(honest), nil); err != nil || response.StatusCode != 200 {
		t.Errorf("the delivery of another client: %v, %v", response, err)
	}
	if n := s.open.count(); n > limits.Connections {
		t.Errorf("%d connections are open", n)
	}
}

// A connection that a proxy keeps open is as old as its current request.
func TestKeptConnectionIsAsOldAsItsRequest(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits
	limits.ConnectionsPerClient = 3
	s := startTarget(t, limits)
	kept := s.connect(t, "127.0.0.1", "GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
	reader := bufio.NewReader(kept)
	if _, err := http.ReadResponse(reader, nil); err != nil {
		t.Fatal(err)
	}
	if n := reader.Buffered(); n != 2 {
		t.Fatalf("%d bytes of the answer", n)
	}
	_, _ = reader.Discard(2)
	older := s.connect(t, "127.0.0.1", "")
	if !await.Until(10*time.Second, func() bool { return s.open.count() == 2 }) {
		t.Fatal("no connection")
	}
	fmt.Fprint(kept, "POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
	for <-s.served != "/second" {
	}
	s.connect(t, "127.0.0.1", "")
	s.connect(t, "127.0.0.1", "") // one too many
	ends(t, older)
	fmt.Fprint(kept, "hi")
	if response, err := http.ReadResponse(reader, nil); err != nil || response.StatusCode != 200 {
		t.Errorf("the second request: %v, %v", response, err)
	}
}

func TestDeadlinesEndSlowConnections(t *testing.T) {
	t.Parallel()
	const short = 50 * time.Millisecond
	forHeaders := func(l *Limits) { l.Header = short }
	forRequests := func(l *Limits) { l.Request = short }
	for name, row := range map[string]struct {
		limit func(*Limits)
		text  string
	}{
		"idle":         {forHeaders, ""},
		"slow headers": {forHeaders, slowHeaders},
		"slow body":    {forRequests, slowBody},
		"slow chunks":  {forRequests, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"},
		"kept":         {func(l *Limits) { l.Idle = short }, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := Limits{Connections: 1, ConnectionsPerClient: 1, Header: time.Hour, Request: time.Hour, Answer: time.Hour, Idle: time.Hour}
			row.limit(&limits)
			ends(t, startTarget(t, limits).connect(t, "127.0.0.1", row.text))
		})
	}
}

// endless writes until the server closes the connection.
func endless(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

func TestErrorsOfClientsDoNotFloodTheLogNorReachItRaw(t *testing.T) {
	t.Parallel()
	s := startTarget(t, DefaultLimits)
	for range 100 {
		s.answers(t, "GET /panic HTTP/1.1\r\nHost: x\r\n\r\n")
		s.answers(t, "GET /\x1b[2J\x9b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		s.answers(t, "\x1b]0;owned\a /\u202e HTTP/1.1\r\nX\x1b: y\r\n\r\n")
	}
	text := s.log.String()
	if !strings.Contains(text, "level=WARN msg=endpoint err=\"http: panic serving") {
		t.Errorf("the log has no panic:\n%.500s", text)
	}
	for line := range strings.Lines(text) {
		if len(line) > 2*maxErrorBytes || !strings.HasPrefix(line, "time=") {
			t.Errorf("%d bytes in the line %.200q", len(line), line)
		}
	}
	if n := strings.Count(text, "\n"); n > errorBurst+60 {
		t.Errorf("%d lines", n)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); i >= 0 {
		t.Errorf("the log has the raw character %q", text[i:i+1])
	}
}
