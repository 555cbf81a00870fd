// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

const (
	uploaders = 100
	// uploadSize is below the limit of Vault's storage, and maxMemory what the whole process may take.
	uploadSize = 400_000
	maxMemory  = 100 // MB
)

// TestMemoryWithManySessionsAndUploadsIsBounded starts relay-sync web, and lets 100 people upload a
// file at once, each by the page and by the API.
func TestMemoryWithManySessionsAndUploadsIsBounded(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Fatal("this test needs /proc, which has the memory of a process")
	}
	w := newWorld(t, nil)
	address := startWeb(t, w)
	tokens := w.people(t, uploaders)
	kind, body := multipartForm(map[string]string{"name": "NAME", "kind": "file"}, map[string][]byte{"file": bytes.Repeat([]byte("a"), uploadSize)})
	var (
		all           sync.WaitGroup
		written, busy atomic.Int64
	)
	begin := make(chan struct{})
	for i := range uploaders {
		b := fromAddress(t, address.url, i)
		if r := b.post("/login", map[string][]string{"login": {"0"}, "password": {tokens[i]}}); r.status != http.StatusSeeOther {
			t.Fatalf("%d\n%s", r.status, r.body)
		}
		page := "/workflows/" + w.workflow
		name := fmt.Sprintf("n%03d", i)
		form := request{method: http.MethodPost, path: page + "/add", body: strings.Replace(string(body), "NAME", name, 1), header: map[string]string{"Content-Type": kind}}
		call := request{method: http.MethodPost, path: "/api" + page + "/secrets", body: `{"name":"api ` + name + `","value":"` + strings.Repeat("a", uploadSize) + `"}`,
			header: map[string]string{"Authorization": "Bearer " + tokens[i], "Content-Type": "application/json"}}
		for _, one := range []request{form, call} {
			all.Go(func() {
				<-begin
				await.Until(2*time.Minute, func() bool {
					r := b.attack(one)
					switch r.status {
					case http.StatusSeeOther, http.StatusCreated:
						written.Add(1)
						return true
					case http.StatusServiceUnavailable, http.StatusTooManyRequests:
						busy.Add(1)
						return false
					}
					t.Errorf("%s: %d %.500s", one.path, r.status, r.main())
					return true
				})
			})
		}
	}
	close(begin)
	all.Wait()
	peak := memoryOf(t, address.process)
	t.Logf("%d sessions, %d uploads of %d bytes, %d answers that the page is busy: at most %.0f MB", uploaders, written.Load(), uploadSize, busy.Load(), peak)
	if peak > maxMemory || written.Load() != 2*uploaders {
		t.Errorf("the process took %.0f MB, want at most %d; %d uploads", peak, maxMemory, written.Load())
	}
}

// webProcess is a relay-sync web that runs.
type webProcess struct {
	url     string
	process int
}

// startWeb starts relay-sync web for the Vault of a world, with logins by token.
func startWeb(t *testing.T, w *world) webProcess {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := listener.Addr().String()
	_ = listener.Close()
	path := filepath.Join(t.TempDir(), "web.yaml")
	config := fmt.Sprintf("vault: {address: %q}\nweb: {listen: %q, logins: [{method: token}]}\n", w.Address, listen)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), tools.Path(t, "relay-sync"), "web", "-c", path)
	command.Env, command.Stderr = []string{}, w.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() }) // the end of the test's context kills it
	out := webProcess{"http://" + listen, command.Process.Pid}
	if !await.Until(time.Minute, func() bool {
		answer, err := http.Get(out.url + "/healthz")
		return err == nil && answer.Body.Close() == nil
	}) {
		t.Fatal("relay-sync web does not listen")
	}
	return out
}

// fromAddress is a browser with an address of its own: one client may not log in often.
func fromAddress(t *testing.T, url string, i int) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 2, byte(1+i))}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t, client, url}
}

// people are tokens of people of their own: a login of each by password takes long.
func (w *world) people(t *testing.T, n int) []string {
	t.Helper()
	w.WritePolicy(t, w.workflow, w.rules(t, policy.Operator, nil))
	must := func(path string, body any) map[string]any {
		t.Helper()
		status, answer := w.Call(t, w.RootToken, http.MethodPost, path, body)
		if status/100 != 2 {
			t.Fatalf("%s: %d %v", path, status, answer)
		}
		return answer
	}
	must("auth/token/roles/"+w.workflow, map[string]any{"allowed_policies": []string{w.workflow}, "allowed_entity_aliases": []string{"*"}})
	out := make([]string, n)
	for i := range out {
		answer := must("auth/token/create/"+w.workflow, map[string]any{"policies": []string{w.workflow}, "entity_alias": fmt.Sprintf("%s-%d", w.workflow, i)})
		out[i] = answer["auth"].(map[string]any)["client_token"].(string)
	}
	return out
}

var peakMemory = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// memoryOf is the most memory that a process has had, in MB.
func memoryOf(t *testing.T, process int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		t.Fatal(err)
	}
	found := peakMemory.FindSubmatch(status)
	if found == nil {
		t.Fatal("the process has no VmHWM")
	}
	kB, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB / 1024
}
