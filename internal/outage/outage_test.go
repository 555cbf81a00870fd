// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"bytes"
	"flag"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var all = flag.Bool("outage.all", false, "test each outage (make proof), under each CLI, not a part of them")

// outage is what happens to Vault.
type outage struct {
	name string
	// args are those of vaulttest.StartOwn; raft means storage on disk.
	args []string
	raft bool
	// lifetime is that of relay-sync's tokens, from logins by AppRole; "" for a token in a file.
	lifetime string
	// drift is the interval of the daemon's comparisons with Vault; "" for one longer than the test.
	drift string
	// begin begins the outage, and returns the function that ends it.
	begin func(s *scene) (end func())
	// shows are texts, one of which is in the output of an apply that fails, and in the status of the
	// daemon; page is in that of the page. For an outage that is short, neither needs to be seen.
	shows []string
	page  string
	short bool
	// logsOut means that the person has to log in again.
	logsOut bool
	// often: also in make test.
	often bool
}

// failingOver are the texts for a node that is sealed, or a standby that redirects to one that is active.
var (
	unavailable = []string{"Vault is unavailable; check its health"}
	failingOver = append([]string{"Vault is sealed; unseal it", "add it to redirect_hosts"}, unavailable...)
)

var cluster = []string{"-nodes", "3"}

var outages = []outage{
	{
		name: "the active node steps down", args: cluster, shows: failingOver, short: true,
		begin: func(s *scene) func() { s.failOver((*vaulttest.Vault).StepDown); return nothing },
	},
	{
		name: "the active node is sealed", args: cluster, shows: failingOver, short: true,
		begin: func(s *scene) func() { return s.failOver((*vaulttest.Vault).Seal) },
	},
	{
		name: "Vault is sealed and unsealed", shows: []string{"Vault is sealed; unseal it"}, page: "Ask an administrator of Vault to unseal it",
		begin: func(s *scene) func() {
			s.vault.Seal(s.t)
			return func() { s.vault.Unseal(s.t) }
		},
	},
	{
		name: "Vault is killed and starts again", raft: true, shows: unavailable, page: "This page cannot reach Vault", often: true,
		begin: func(s *scene) func() {
			s.vault.Kill(s.t)
			return func() { s.vault.Restart(s.t) }
		},
	},
	{
		name: "the disk of Vault is full", raft: true, shows: unavailable, page: "This page cannot reach Vault",
		begin: func(s *scene) func() {
			s.fillDisk()
			return func() {
				s.vault.Kill(s.t)
				s.vault.Restart(s.t)
			}
		},
	},
	{
		name: "all tokens are revoked", shows: []string{"get a new one"}, page: "Log in", logsOut: true,
		begin: func(s *scene) func() {
			s.revokeAll()
			return func() {
				token := s.vault.Writer(s.t)
				write(s.t, "/", s.tokens, token)
				s.terraform.Setenv("VAULT_TOKEN", token)
			}
		},
	},
	{
		name: "the tokens expire", lifetime: "15s", short: true,
		begin: func(s *scene) func() { s.awaitExpiry(); return nothing },
	},
	{name: "the clock of Vault is 10 minutes ahead", short: true, begin: func(s *scene) func() { return s.skew(10 * time.Minute) }},
	{name: "the clock of Vault is 10 minutes behind", short: true, begin: func(s *scene) func() { return s.skew(-10 * time.Minute) }},
}

func nothing() {}

// TestOutageOfVaultIsSurvived begins an outage while a daemon, an apply of relay-sync and an apply of
// Terraform are in the middle of their writes and a person is logged in at the web page. During it the
// status and the page show it. Afterwards each converges, nothing is lost, nothing foreign is touched,
// and each version was written by a request that passed the proxy.
func TestOutageOfVaultIsSurvived(t *testing.T) {
	t.Parallel()
	for _, o := range outages {
		if !o.often && !*all {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, cli terraformtest.CLI) { o.happen(t, cli) })
		})
	}
}

func (o outage) happen(t *testing.T, cli terraformtest.CLI) {
	s := newScene(t, cli, o)
	foreign := s.begins()

	reached, open := s.gate()
	t.Cleanup(open)
	s.apply.commit(2, names())
	s.terraform.configure(2, names())
	var printed bytes.Buffer
	apply := s.apply.command("apply")
	apply.Stdout, apply.Stderr = &printed, &printed
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	terraform := s.terraform.Start(t, "apply", "-auto-approve")
	s.daemon.commit(2, names())
	if !await.Until(time.Minute, reached) {
		t.Fatal("not every program wrote")
	}
	end := o.begin(s)
	open()
	o.isShown(s)
	end()
	applied, result := apply.Wait(), terraform.Wait(t)
	o.isExplained(t, "relay-sync apply", applied != nil, printed.String())
	o.isExplained(t, "terraform apply", result.Code != 0, result.Output)

	s.daemon.converges()
	s.apply.applies()
	s.terraform.applies()
	if o.logsOut {
		s.page.logIn()
	}
	if status, text := s.page.add("after"); status != http.StatusOK || !strings.Contains(text, "Added after") {
		t.Errorf("the page, after the outage: %d %s", status, text)
	}
	s.isComplete(foreign)
}

// begins brings everything to the first generation.
func (s *scene) begins() (foreign string) {
	s.t.Helper()
	s.apply.commit(1, names())
	s.daemon.commit(1, names())
	s.terraform.configure(1, names())
	s.daemon.start()
	s.page.logIn()
	s.apply.applies()
	s.terraform.Apply(s.t)
	s.daemon.converges()
	if status, text := s.page.add("before"); status != http.StatusOK {
		s.t.Fatalf("the page: %d %s", status, text)
	}
	s.vault.Write(s.t, s.daemon.workflow, "foreign", "untouched")
	return "foreign"
}

// isShown waits until the status of the daemon and the page have the cause.
func (o outage) isShown(s *scene) {
	s.t.Helper()
	if o.short {
		return
	}
	if !await.Until(time.Minute, func() bool { return containsOne(strings.Join(s.daemon.status().Problems, " "), o.shows) }) {
		s.t.Errorf("the status contains none of %q: %+v", o.shows, s.daemon.status())
	}
	if status, text := s.page.load("/workflows/"+s.page.workflow, nil); status < 400 || !strings.Contains(text, o.page) {
		s.t.Errorf("the page does not contain %q: %d %s", o.page, status, text)
	}
	if status, text := s.page.add("during"); !strings.Contains(text, o.page) {
		s.t.Errorf("a change at the page does not show %q: %d %s", o.page, status, text)
	}
}

// isExplained checks the output of a program that failed, on one line: it has the cause and what to do.
func (o outage) isExplained(t *testing.T, program string, failed bool, output string) {
	t.Helper()
	t.Logf("%s failed: %t", program, failed)
	if text := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " "); failed && !containsOne(text, o.shows) {
		t.Errorf("%s failed, and contains none of %q:\n%s", program, o.shows, output)
	}
}

func containsOne(text string, of []string) bool {
	return slices.ContainsFunc(of, func(one string) bool { return strings.Contains(text, one) })
}

// applies lets Terraform apply once more, after which there is nothing to do.
func (tf *terraform) applies() {
	tf.s.t.Helper()
	tf.Apply(tf.s.t)
	tf.NoChanges(tf.s.t)
}

// isComplete checks every secret and every version.
func (s *scene) isComplete(foreign string) {
	s.t.Helper()
	sent := s.writes()
	again := 0
	for _, workflow := range []string{s.daemon.workflow, s.apply.workflow, s.terraform.workflow} {
		for _, name := range names() {
			if got, _ := s.vault.ReadAs(s.t, s.vault.RootToken, workflow, name); got != "2" {
				s.t.Errorf("%s/%s reads %q", workflow, name, got)
			}
			versions, w := s.versions(workflow, name), sent[workflow+"/"+name]
			if versions < w.succeeded || versions > w.succeeded+w.failed {
				s.t.Errorf("%s/%s has %d versions; %d writes succeeded, %d failed", workflow, name, versions, w.succeeded, w.failed)
			}
			if extra := versions - 2; extra > w.failed+w.failedRecords {
				s.t.Errorf("%s/%s has %d versions too many; %d writes and %d records failed", workflow, name, extra, w.failed, w.failedRecords)
			} else {
				again += extra
			}
		}
	}
	s.t.Logf("%d secrets, %d versions written again", 3**size, again)
	if got, _ := s.vault.ReadAs(s.t, s.vault.RootToken, s.daemon.workflow, foreign); got != "untouched" || s.versions(s.daemon.workflow, foreign) != 1 {
		s.t.Errorf("the foreign secret reads %q", got)
	}
	s.proxy.AssertBlind(s.t)
	s.proxy.AssertCheckAndSet(s.t)
	if state := s.daemon.status().State(); state != report.InSync {
		s.t.Errorf("the daemon is %s", state)
	}
}

func (s *scene) versions(workflow, name string) int {
	s.t.Helper()
	current, _ := s.vault.Metadata(s.t, workflow, name)["current_version"].(float64)
	return int(current)
}

// requests counts what passed the proxy for one secret. A write that failed may have been made.
type requests struct{ succeeded, failed, failedRecords int }

func (s *scene) writes() map[string]*requests {
	out := map[string]*requests{}
	for _, r := range s.proxy.Requests() {
		operation, path, found := strings.Cut(strings.TrimPrefix(r.Path, "/v1/customers/"), "/workflows/")
		if !found {
			continue
		}
		if out[path] == nil {
			out[path] = &requests{}
		}
		succeeded := r.Status >= 200 && r.Status < 300
		switch {
		case operation == "data" && succeeded:
			out[path].succeeded++
		case operation == "data":
			out[path].failed++
		case r.Method == http.MethodPatch && !succeeded:
			out[path].failedRecords++
		}
	}
	return out
}
