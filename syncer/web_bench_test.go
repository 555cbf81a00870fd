// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	pageWorkflows = 1000
	pageSecrets   = 20 // of each workflow
	perManifest   = 10 // workflows
	pageSessions  = 100
)

// BenchmarkWebPages measures the pages of relay-sync web with 1,000 workflows of 20 secrets, which the
// daemon has synced: the list of workflows and one workflow, each beside the same requests to Vault
// without the page; and the memory of the page with 100 sessions.
func BenchmarkWebPages(b *testing.B) {
	w := newWorld(b, pageWorkflows)
	w.sealForPages(b)
	w.commit()
	socket := b.TempDir() + "/s"
	config := strings.Replace(w.programConfig(b), "drift_interval: 5s", "drift_interval: 1h, workflow_files: [\"flows/*.yaml\"]", 1)
	daemon := startProgram(b, "socket: "+socket+"\n"+strings.Replace(config, `files: ["**/*.yaml"]`, `files: ["secrets/*.yaml"]`, 1))
	defer daemon.stop(b)
	daemon.until(b, 10*time.Minute, "shop", func(s report.Status) bool { return s.Settled() && s.Summary.Add == pageWorkflows*pageSecrets })
	people := w.viewers(b, pageSessions/20)
	workflow := "/workflows/" + w.workflow(pageWorkflows/2)

	w.proxy.Reset()
	recorded := startPage(b, w.proxy.Address, socket)
	visitor := recorded.logIn(b, people[0], 0)
	requests := map[string][]vaulttest.Request{}
	for range 2 { // the first fills what the page remembers
		for _, path := range []string{"/workflows", workflow} {
			w.proxy.Reset()
			visitor.get(b, path)
			requests[path] = w.proxy.Requests()
		}
	}
	w.proxy.AssertBlind(b)
	recorded.stop(b)

	page := startPage(b, w.vault.Address, socket)
	defer page.stop(b)
	visitors := page.everybody(b, people, workflow)
	peak := page.memory(b, "VmHWM")
	// For a person who may not list all workflows, the page asks Vault about each one that the daemon
	// knows, once a minute.
	narrow := page.logIn(b, w.viewers(b, 1, w.cfg.Sources[0].Workflows[:2*pageSecrets]...)[0], 0)
	begun := time.Now()
	narrow.get(b, "/workflows")
	first := time.Since(begun)
	_, answer := w.vault.Call(b, "", http.MethodPost, "auth/userpass/login/"+people[0].name, map[string]any{"password": people[0].password})
	token := answer["auth"].(map[string]any)["client_token"].(string)
	for b.Loop() {
		for path, name := range map[string]string{"/workflows": "list", workflow: "workflow"} {
			through := median(func() { visitors[0].get(b, path) })
			bare := median(func() { w.repeat(b, token, requests[path]) })
			b.ReportMetric(milliseconds(through), name+"-ms")
			b.ReportMetric(milliseconds(bare), name+"-bare-ms")
			b.ReportMetric(through.Seconds()/bare.Seconds(), name+"-ratio")
			b.Logf("%s: %s, and %d requests to Vault alone %s", name, through, len(requests[path]), bare)
		}
	}
	b.ReportMetric(milliseconds(first), "list-first-ms")
	b.ReportMetric(peak, "MB-peak-100-sessions")
	b.Logf("memory with %d sessions: at most %.0f MB", pageSessions, peak)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median is that of 40 runs.
func median(run func()) time.Duration {
	took := make([]time.Duration, 40)
	for i := range took {
		begun := time.Now()
		run()
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// sealForPages writes the manifests and the workflow files: each workflow uses its secrets, and one that
// is missing.
func (w *world) sealForPages(b *testing.B) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(4)
	for first := 0; first < pageWorkflows; first += perManifest {
		group.Go(func() error {
			var text strings.Builder
			text.WriteString("workflows:\n")
			for i := first; i < first+perManifest; i++ {
				fmt.Fprintf(&text, "  %s:\n", w.workflow(i))
				flow := "steps:\n- name: deploy\n  spec:\n    missing: !Secret missing\n"
				for n := range pageSecrets {
					fmt.Fprintf(&text, "    secret_%02d: value-%d-%d\n", n, i, n)
					flow += fmt.Sprintf("    s%d: !Secret secret_%02d\n", n, n)
				}
				w.flow(i, flow)
			}
			w.seal(fmt.Sprintf("secrets/%d.yaml", first), text.String())
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

type pagePerson struct{ name, password string }

// viewers are people who may see these workflows, or without any all of them.
func (w *world) viewers(b *testing.B, n int, workflows ...string) []pagePerson {
	b.Helper()
	rules, err := policy.For(policy.Grant{Role: policy.Viewer, Mount: "customers", Prefix: "workflows", Workflows: workflows})
	if err != nil {
		b.Fatal(err)
	}
	people := make([]pagePerson, n)
	for i := range people {
		people[i].name, people[i].password = w.vault.PersonLogin(b, rules)
	}
	return people
}

// repeat sends requests to Vault, and nothing else, one after the other.
func (w *world) repeat(b *testing.B, token string, requests []vaulttest.Request) {
	b.Helper()
	for _, sent := range requests {
		path := url.URL{Path: sent.Path, RawQuery: sent.Query.Encode()}
		request, err := http.NewRequestWithContext(b.Context(), sent.Method, w.vault.Address+path.String(), bytes.NewReader(sent.Body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("X-Vault-Token", token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != sent.Status {
			b.Fatalf("%s %s: status %d, of the page %d: %v", sent.Method, sent.Path, response.StatusCode, sent.Status, err)
		}
	}
}

// webPage is a relay-sync web that runs.
type webPage struct {
	program
	address string
}

func startPage(b *testing.B, vault, socket string) *webPage {
	b.Helper()
	p := &webPage{address: porttest.Address(b)}
	file := write(b, b.TempDir(), "web.yaml", fmt.Sprintf(
		"vault: {address: %q}\nweb: {listen: %q, logins: [{method: userpass}], daemon: {socket: %q}}\n", vault, p.address, socket))
	p.cmd = exec.CommandContext(b.Context(), relaySync(b), "web", "-c", file)
	p.cmd.Env, p.cmd.Stderr = []string{"PATH=" + os.Getenv("PATH")}, &p.log
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if !await.Until(time.Minute, func() bool {
		response, err := http.Get("http://" + p.address + "/healthz")
		return err == nil && response.Body.Close() == nil
	}) {
		b.Fatal("the page does not listen")
	}
	return p
}

// visitor is a session of a person.
type visitor struct {
	*http.Client
	page   *webPage
	cookie *http.Cookie
}

// logIn logs a person in from a loopback address of the session, because one address may not log in
// often.
func (p *webPage) logIn(b *testing.B, who pagePerson, session int) *visitor {
	b.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+session))}}
	v := &visitor{page: p, Client: &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	form := url.Values{"login": {"0"}, "username": {who.name}, "password": {who.password}}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+p.address+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther || len(response.Cookies()) == 0 {
		b.Fatalf("log in: status %d", response.StatusCode)
	}
	v.cookie = response.Cookies()[0]
	return v
}

// get loads a page, which must have workflows or secrets.
func (v *visitor) get(b *testing.B, path string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+v.page.address+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.AddCookie(v.cookie)
	response, err := v.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || bytes.Count(text, []byte("<tr>")) < pageSecrets || bytes.Contains(text, []byte("does not answer")) {
		b.Fatalf("%s: status %d: %v\n%.2000s", path, response.StatusCode, err, text)
	}
}

// everybody begins all sessions, which load both pages at the same time as others do.
func (p *webPage) everybody(b *testing.B, people []pagePerson, workflow string) []*visitor {
	b.Helper()
	all := make([]*visitor, pageSessions)
	for i := range all {
		all[i] = p.logIn(b, people[i%len(people)], i)
	}
	var group errgroup.Group
	group.SetLimit(25)
	for _, v := range all {
		group.Go(func() error {
			v.get(b, "/workflows")
			v.get(b, workflow)
			return nil
		})
	}
	_ = group.Wait() // get reports failures
	return all
}
