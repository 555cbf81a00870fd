// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// daemon is a relay-sync that runs.
type daemon struct {
	*source
	address string
	log     bytes.Buffer
}

func (s *scene) newDaemon(login, drift string) *daemon {
	s.t.Helper()
	d := &daemon{address: porttest.Address(s.t)}
	d.source = s.newSource("daemon", login, "listen: "+d.address+"\n", drift)
	return d
}

func (d *daemon) start() {
	cmd := d.command("run")
	cmd.Stderr = &d.log
	d.s.t.Helper()
	d.s.starts(cmd, "the daemon", &d.log)
}

// starts starts a program, which is interrupted with the test.
func (s *scene) starts(cmd *exec.Cmd, what string, output *bytes.Buffer) {
	s.t.Helper()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("%s ended: %v", what, err)
		}
		if s.t.Failed() {
			s.t.Logf("the log of %s:\n%s", what, output)
		}
	})
}

// status is that of the source, empty while the daemon does not listen.
func (d *daemon) status() report.Status {
	response, err := http.Get("http://" + d.address + "/status")
	if err != nil {
		return report.Status{}
	}
	defer response.Body.Close()
	var answer report.Daemon
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Sources) != 1 {
		return report.Status{}
	}
	return answer.Sources[0]
}

// converges waits until the last commit is in Vault.
func (d *daemon) converges() {
	d.s.t.Helper()
	head := strings.TrimSpace(d.run("git", "rev-parse", "main"))
	if !await.Until(2*time.Minute, func() bool {
		s := d.status()
		return s.Applied == head && s.State() == report.InSync
	}) {
		d.s.t.Fatalf("the daemon is not in sync: %+v", d.status())
	}
}

// page is a session at a relay-sync web.
type page struct {
	s              *scene
	url, workflow  string
	name, password string
	client         *http.Client
	log            bytes.Buffer
}

func (s *scene) newPage() *page {
	s.t.Helper()
	p := &page{s: s, workflow: vaulttest.Workflow(s.t) + "-page"}
	address := porttest.Address(s.t)
	p.url = "http://" + address
	p.name, p.password = s.vault.PersonLogin(s.t, s.operator(p.workflow))
	dir := s.t.TempDir()
	config := write(s.t, dir, "web.yaml", fmt.Sprintf("vault: {address: %q, allow_http: true, settle: 1s}\nweb: {listen: %q, audit: %q, logins: [{method: userpass}]}\n",
		s.proxy.Address, address, filepath.Join(dir, "audit.jsonl")))
	cmd := exec.CommandContext(context.Background(), tools.Path(s.t, "relay-sync"), "web", "-c", config)
	cmd.Stderr, cmd.Env = &p.log, []string{"PATH=" + os.Getenv("PATH")}
	s.starts(cmd, "the page", &p.log)
	return p
}

// operator is the policy of a person for a workflow.
func (s *scene) operator(workflow string) string {
	s.t.Helper()
	rules, err := policy.For(policy.Grant{Role: policy.Operator, Mount: "customers", Prefix: "workflows", Workflows: []string{workflow}})
	if err != nil {
		s.t.Fatal(err)
	}
	return rules
}

// logIn begins a session.
func (p *page) logIn() {
	p.s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.s.t.Fatal(err)
	}
	p.client = &http.Client{Jar: jar, Timeout: time.Minute}
	var status int
	var text string
	if !await.Until(time.Minute, func() bool {
		status, text = p.load("/login", url.Values{"login": {"0"}, "username": {p.name}, "password": {p.password}})
		return status == http.StatusOK && !strings.Contains(text, "Password")
	}) {
		p.s.t.Fatalf("the login fails: %d %s", status, text)
	}
}

var tag = regexp.MustCompile(`<[^>]*>|\s+`)

// load sends a form, or requests a page without one, and returns the text of the page. The status is 0
// while the page does not listen.
func (p *page) load(path string, form url.Values) (int, string) {
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(p.s.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(string(text), " "))), " ")
}

// add adds a secret, as a person does with the form.
func (p *page) add(name string) (int, string) {
	return p.load("/workflows/"+p.workflow+"/add", url.Values{"name": {name}, "kind": {"text"}, "value": {"by hand"}})
}
