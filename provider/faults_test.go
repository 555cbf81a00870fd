// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/faulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// faultWorld is a host with one resource, before a proxy that makes requests fail.
type faultWorld struct {
	*host
	vault            *vaulttest.Vault
	proxy            *vaulttest.Proxy
	workflow, domain string
}

func newFaultWorld(t *testing.T, kind string) *faultWorld {
	t.Helper()
	v := vaulttest.Start(t)
	w := &faultWorld{vault: v, proxy: vaulttest.NewProxy(t, v.Address), workflow: vaulttest.Workflow(t)}
	w.domain = w.workflow
	rules, err := policy.For(policy.Grant{
		Role: policy.Writer, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow}, ConnectionsDomain: w.domain, Settings: true, Destroy: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.host = &host{
		t: t, kind: kind,
		variables: map[string]string{"VAULT_ADDR": w.proxy.Address, "VAULT_TOKEN": v.Token(t, rules)},
		settings:  map[string]any{"owner": "shop", "domain": w.domain, "settle": "100ms"},
	}
	v.Write(t, w.workflow, "foreign", "untouched")
	v.WriteRelayConnection(t, w.domain, "jira", "foreign", "url", "untouched")
	return w
}

// providerOperation is what one apply does.
type providerOperation struct {
	name, kind string
	// before is the configuration that is applied first, after the one of the operation; nil for
	// none. They get the workflow.
	before, after map[string]any
	// outside changes Vault between both.
	outside func(w *faultWorld)
	// repeats: the operation sends the same requests for each of many secrets.
	repeats bool
	// importID imports the resource as a part of the operation; %s is the workflow.
	importID string
	// has are the values afterwards; "" for one that is gone.
	has map[string]string
	// also checks what else must hold afterwards.
	also func(w *faultWorld)
}

// sampled is how many tries the long form makes of an operation that repeats its requests, and of
// one whose state is lost: the failing apply sends the same requests as with a state.
const sampled = 60

// TestEachFaultAtEachRequestOfAnApplyIsOvercome: the long form tries each fault at each request of
// the operations on one object whose state is kept, and a sample of the others.
func TestEachFaultAtEachRequestOfAnApplyIsOvercome(t *testing.T) {
	t.Parallel()
	for _, op := range slices.Concat(secretOperations(), setOperations(), connectionOperations()) {
		requests := op.count(t)
		for _, lost := range []bool{false, true} {
			name, tries := op.name, requests*len(faulttest.Faults())
			if lost {
				name += " whose state is lost"
			}
			if lost || op.repeats {
				tries = min(tries, sampled)
			}
			faulttest.Sample(t, name, requests, tries, func(t *testing.T, f faulttest.Fault) { op.survives(t, f, lost) })
		}
	}
}

// survives checks that the next apply converges, whatever happened to one request: with the state
// that the failed apply returned, or with the one before it.
func (o providerOperation) survives(t *testing.T, f faulttest.Fault, lost bool) {
	w := o.start(t)
	before, stored := w.versions(), w.instance
	w.proxy.Hook(f.Hook)
	o.run(w)
	w.proxy.Hook(nil)
	if lost {
		w.instance = stored
	}
	o.converges(w, f.Lies || lost)
	if f.Lies && o.after == nil {
		o.untouchedOrGone(w)
	} else {
		o.check(w)
	}
	w.explained(before)
	w.proxy.AssertBlind(t)
	w.proxy.AssertCheckAndSet(t)
}

func (o providerOperation) start(t *testing.T) *faultWorld {
	t.Helper()
	w := newFaultWorld(t, o.kind)
	if o.before != nil {
		if errors := w.apply(w.of(o.before)); errors != "" {
			t.Fatal(errors)
		}
	}
	if o.outside != nil {
		o.outside(w)
	}
	w.proxy.Reset()
	return w
}

// of is a configuration in the workflow.
func (w *faultWorld) of(configuration map[string]any) map[string]any {
	if configuration == nil {
		return nil
	}
	out := maps.Clone(configuration)
	if w.kind != "relay_connection" {
		out["workflow"] = w.workflow
	}
	return out
}

// run does the operation, and returns the errors.
func (o providerOperation) run(w *faultWorld) string {
	w.t.Helper()
	if o.importID != "" && w.state == nil {
		if errors := w.importID(strings.ReplaceAll(o.importID, "%s", w.workflow)); errors != "" {
			return errors
		}
	}
	return w.apply(w.of(o.after))
}

func (o providerOperation) count(t *testing.T) int {
	t.Helper()
	w := o.start(t)
	if errors := o.run(w); errors != "" {
		t.Fatalf("%s fails without a fault: %s", o.name, errors)
	}
	n := len(w.proxy.Requests())
	o.check(w)
	return n
}

// converges checks that the next apply succeeds, and that the plan after it is empty. Without the
// state, Terraform does not know that what a create made is its own: the error names adopt, for
// one apply.
func (o providerOperation) converges(w *faultWorld, forgotten bool) {
	w.t.Helper()
	errors := o.run(w)
	if forgotten && strings.Contains(errors, "already exists") && strings.Contains(errors, "set adopt = true for one apply") {
		adopting := w.of(o.after)
		adopting["adopt"] = true
		errors = w.apply(adopting)
	}
	if errors != "" {
		w.t.Fatalf("the next apply fails: %s", errors)
	}
	if !w.settled(w.of(o.after)) {
		w.t.Errorf("the plan after the next apply is not empty")
	}
}

func (o providerOperation) check(w *faultWorld) {
	w.t.Helper()
	for name, want := range o.has {
		if got, _ := w.vault.ReadAs(w.t, w.vault.RootToken, w.workflow, name); got != want {
			w.t.Errorf("%s reads %q, want %q", name, got, want)
		}
	}
	if o.also != nil {
		o.also(w)
	}
}

// untouchedOrGone is what a deletion may leave after Vault denied that the object exists: the host
// forgets it, and Vault still has it, with the record of its owner.
func (o providerOperation) untouchedOrGone(w *faultWorld) {
	w.t.Helper()
	for name := range o.has {
		value, live := w.vault.ReadAs(w.t, w.vault.RootToken, w.workflow, name)
		custom, _ := w.vault.Metadata(w.t, w.workflow, name)["custom_metadata"].(map[string]any)
		record, _ := custom["relay.terraform/shop"].(string)
		if live && (record == "" || strings.Contains(record, "released=")) {
			w.t.Errorf("%s is live with %q, and its record is %q", name, value, record)
		}
	}
}

// versions are the current versions of the workflow's secrets.
func (w *faultWorld) versions() map[string]int {
	w.t.Helper()
	_, answer := w.vault.Call(w.t, w.vault.RootToken, "LIST", "customers/metadata/workflows/"+w.workflow, nil)
	data, _ := answer["data"].(map[string]any)
	keys, _ := data["keys"].([]any)
	out := map[string]int{}
	for _, key := range keys {
		version, _ := w.vault.Metadata(w.t, w.workflow, key.(string))["current_version"].(float64)
		out[key.(string)] = int(version)
	}
	return out
}

// explained checks each version since: a fault costs at most one more version, which has the
// same value, and nothing foreign is touched.
func (w *faultWorld) explained(before map[string]int) {
	w.t.Helper()
	for name, now := range w.versions() {
		was := before[name]
		if now > was+2 || name == "foreign" && now != was {
			w.t.Errorf("%s: version %d was written after %d", name, now, was)
		}
		if now == was+2 && w.valueOf(name, now) != w.valueOf(name, now-1) {
			w.t.Errorf("%s: versions %d and %d have different values", name, now-1, now)
		}
	}
	if value, _ := w.vault.ReadAs(w.t, w.vault.RootToken, w.workflow, "foreign"); value != "untouched" {
		w.t.Errorf("the foreign secret reads %q", value)
	}
	if got := w.bodies()[w.vault.Pointer(w.t, w.domain, "jira", "foreign")]; got["url"] != "untouched" {
		w.t.Errorf("the foreign connection has %q", got)
	}
}

func (w *faultWorld) valueOf(name string, version int) string {
	w.t.Helper()
	_, answer := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet, fmt.Sprintf("customers/data/workflows/%s/%s?version=%d", w.workflow, name, version), nil)
	data, _ := answer["data"].(map[string]any)
	return fmt.Sprint(data["data"])
}

func (w *faultWorld) bodies() map[string]map[string]string {
	w.t.Helper()
	return w.vault.Bodies(w.t, w.domain, "jira", "aws")
}

// wantBody checks the connection aws/main.
func (w *faultWorld) wantBody(want map[string]string) {
	w.t.Helper()
	if got := w.bodies()[w.vault.Pointer(w.t, w.domain, "aws", "main")]; !maps.Equal(got, want) {
		w.t.Errorf("the connection has %q, want %q", got, want)
	}
}

// superseded checks that a change after the time for readers of older bodies leaves no other body
// live than the one that it supersedes.
func (w *faultWorld) superseded() {
	w.t.Helper()
	w.proxy.Skew(11 * time.Minute)
	defer w.proxy.Skew(0)
	if errors := w.apply(connection("three")); errors != "" {
		w.t.Errorf("a later change fails: %s", errors)
	}
	if left := w.bodies(); len(left) > 3 { // its own, the one before it, and the foreign one
		w.t.Errorf("bodies that no pointer names stay live: %v", left)
	}
}
