// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/faulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// operation is what relay-sync does while a request has a fault.
type operation struct {
	name string
	// world is one where everything is ready for the operation.
	world func(t *testing.T) *world
	// run does the operation, and reports whether nothing is left to do. Without a fault, the
	// first run does all. nil is a sync.
	run func(w *world) (done bool)
	// repeats: the operation sends the same requests for each of many secrets.
	repeats bool
	// live are the secrets that can be read afterwards with their values, gone those that cannot.
	live map[string]string
	gone []string
	// also checks what else must hold afterwards.
	also func(w *world)
	// afterwards is the outcome of one more sync.
	afterwards report.Outcome
}

// repeatedTries is how many of the tries of an operation that repeats its requests the long form
// makes: a fault at each request of 20 secrets would be tried 1,600 times.
const repeatedTries = 200

// TestEachFaultAtEachRequestIsOvercome: whatever happens to one request of an operation, the
// next one has everything as the commit or the person wants it. Nothing is lost, nothing foreign
// is touched, and every version is explained.
func TestEachFaultAtEachRequestIsOvercome(t *testing.T) {
	t.Parallel()
	for _, op := range slices.Concat(syncOperations, sourceOperations, connectionOperations) {
		requests := op.count(t)
		tries := requests * len(faulttest.Faults())
		if op.repeats {
			tries = min(tries, repeatedTries)
		}
		faulttest.Sample(t, op.name, requests, tries, func(t *testing.T, f faulttest.Fault) {
			w := op.start(t)
			before := w.versions()
			w.proxy.Hook(f.Hook)
			op.run(w)
			w.proxy.Hook(nil)
			op.converges(w)
			w.explained(before)
		})
	}
}

// start is the world before the operation, with a foreign secret beside the others.
func (o operation) start(t *testing.T) *world {
	t.Helper()
	w := o.world(t)
	w.vault.Write(t, w.workflow(0), "foreign", "untouched")
	w.proxy.Reset()
	return w
}

// count is the number of requests of the operation without a fault.
func (o operation) count(t *testing.T) int {
	t.Helper()
	w := o.start(t)
	if !o.run(w) {
		t.Fatalf("%s: not done without a fault:\n%s", o.name, w.text())
	}
	return len(w.proxy.Requests())
}

// converges repeats the operation until nothing is left to do. A version without a record is
// repaired after the time to settle.
func (o operation) converges(w *world) {
	w.t.Helper()
	if !await.Until(time.Minute, func() bool { return o.run(w) }) {
		w.t.Fatalf("not done:\n%s", w.text())
	}
	for name, value := range o.live {
		w.wantRead(w.workflow(0), name, value)
	}
	w.gone(w.workflow(0), o.gone...)
	w.wantRead(w.workflow(0), "foreign", "untouched")
	if o.also != nil {
		o.also(w)
	}
	w.proxy.AssertBlind(w.t)
	w.proxy.AssertCheckAndSet(w.t)
	w.proxy.Reset()
	if w.ask(Request{Apply: true}).Outcome() != o.afterwards {
		w.t.Errorf("one more sync is not %s:\n%s", o.afterwards, w.text())
	}
	if n := w.writes(); n != 0 {
		w.t.Errorf("one more sync sends %d values:\n%s", n, w.text())
	}
}

// syncs is a run that syncs once.
func syncs(request Request) func(w *world) bool {
	request.Apply = true
	return func(w *world) bool {
		once := request
		once.Adopt = nil
		for _, name := range request.Adopt {
			once.Adopt = append(once.Adopt, w.workflow(0)+"/"+name)
		}
		return !slices.ContainsFunc(w.askAll(once), func(r report.Report) bool { return r.Outcome() != report.Clean })
	}
}

var adoptCommand = regexp.MustCompile(`unmanaged; to take it over: relay-sync adopt '?(\S+?)'? --reason`)

// creates is a run for secrets that did not exist. The first version of one, whose record is
// missing, can be that of any writer: a person takes it over, with the command that the sync
// prints.
func creates(w *world) bool {
	var adopt []string
	if len(w.output) > 0 {
		for _, found := range adoptCommand.FindAllStringSubmatch(w.text(), -1) {
			adopt = append(adopt, found[1])
		}
	}
	return !slices.ContainsFunc(w.askAll(Request{Apply: true, Adopt: adopt, Reason: "test"}), func(r report.Report) bool { return r.Outcome() != report.Clean })
}

// versions are the current versions of the workflow's secrets.
func (w *world) versions() map[string]int {
	w.t.Helper()
	_, answer := w.vault.Call(w.t, w.vault.RootToken, "LIST", w.cfg.Vault.Mount+"/metadata/"+w.cfg.Vault.Prefix+"/"+w.workflow(0), nil)
	data, _ := answer["data"].(map[string]any)
	keys, _ := data["keys"].([]any)
	out := map[string]int{}
	for _, key := range keys {
		out[key.(string)] = w.versionOf(key.(string))
	}
	return out
}

func (w *world) versionOf(name string) int {
	w.t.Helper()
	_, answer := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet, w.cfg.Vault.Mount+"/metadata/"+w.cfg.Vault.Prefix+"/"+w.workflow(0)+"/"+name, nil)
	data, _ := answer["data"].(map[string]any)
	version, _ := data["current_version"].(float64)
	return int(version)
}

// explained checks each version since: the operation writes one of each secret, and a fault
// costs one more at most, which has the same value.
func (w *world) explained(before map[string]int) {
	w.t.Helper()
	for name, now := range w.versions() {
		was := before[name]
		switch {
		case name == "foreign" && now != 1:
			w.t.Errorf("the foreign secret has version %d", now)
		case now > was+2:
			w.t.Errorf("%s: version %d was written after %d", name, now, was)
		case now == was+2 && w.valueOf(name, now) != w.valueOf(name, now-1):
			w.t.Errorf("%s: versions %d and %d have different values", name, now-1, now)
		}
	}
}

func (w *world) valueOf(name string, version int) string {
	w.t.Helper()
	_, answer := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet,
		fmt.Sprintf("%s/data/%s/%s/%s?version=%d", w.cfg.Vault.Mount, w.cfg.Vault.Prefix, w.workflow(0), name, version), nil)
	data, _ := answer["data"].(map[string]any)
	return fmt.Sprint(data["data"])
}
