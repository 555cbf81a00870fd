// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// operation is an operation on a resource. The tests interrupt it at each of its
// requests.
type operation struct {
	name string
	// requests is the number of its requests; the test fails for another number.
	requests int
	// before and after are the secrets, each "value@version"; nil for no resource.
	before, after map[string]string
	// resource is "relay_workflow_secret", for one secret, or
	// "relay_workflow_secrets".
	resource string
	// expiring sets delete_version_after, which precedes the value.
	expiring bool
}

func operations() []operation {
	one, set := "relay_workflow_secret", "relay_workflow_secrets"
	return []operation{
		{"creating a secret", 5, nil, map[string]string{"a": "new@1"}, one, false},
		{"creating a secret that expires", 7, nil, map[string]string{"a": "new@1"}, one, true},
		{"updating a secret", 5, map[string]string{"a": "old@1"}, map[string]string{"a": "new@2"}, one, false},
		{"deleting a secret", 5, map[string]string{"a": "old@1"}, nil, one, false},
		{"creating a set", 11, nil, map[string]string{"a": "1@1", "b": "2@1", "c": "3@1"}, set, false},
		{
			"updating a set", 15,
			map[string]string{"a": "1@1", "b": "2@1", "gone": "3@1", "kept": "4@1"},
			map[string]string{"a": "one@2", "b": "two@2", "fresh": "three@1", "kept": "4@1"}, set, false,
		},
		{"deleting a set", 11, map[string]string{"a": "1@1", "b": "2@1", "c": "3@1"}, nil, set, false},
	}
}

// breakage is a way to break a request.
type breakage struct {
	name string
	// onwards also breaks all later requests.
	onwards bool
	action  vaulttest.Action
}

func breakages() []breakage {
	return []breakage{
		{"lost", false, vaulttest.CutAt(vaulttest.Before)},
		{"unanswered", false, vaulttest.CutAt(vaulttest.After)},
		{"refused", false, vaulttest.FailWith(http.StatusInternalServerError)},
		{"lost-onwards", true, vaulttest.CutAt(vaulttest.Before)},
		{"unanswered-onwards", true, vaulttest.CutAt(vaulttest.After)},
	}
}

// scene is one workflow with one interrupted request; 0 for none.
type scene struct {
	breakage
	at       int
	workflow string
	label    string
}

func (s *fixture) scenes(requests int) []scene {
	all := []scene{{label: "control", workflow: s.workflow + "-control"}}
	for at := 1; at <= requests; at++ {
		for _, i := range breakages() {
			label := fmt.Sprintf("%s-%d", i.name, at)
			all = append(all, scene{i, at, s.workflow + "-" + label, label})
		}
	}
	return all
}

func (o operation) address(c scene) string { return o.resource + "." + c.label }

// block returns the resource of a scene. on_drift is "error", so that each test also
// shows that an unfinished write is not treated as drift.
func (o operation) block(c scene, secrets map[string]string) string {
	var b strings.Builder
	for name, text := range secrets {
		value, version, _ := strings.Cut(text, "@")
		arguments := fmt.Sprintf("value_wo = %q\n  value_wo_version = %q", value, version)
		if o.resource == "relay_workflow_secret" {
			if o.expiring {
				arguments += "\n  delete_version_after = \"720h\""
			}
			fmt.Fprintf(&b, "  name = %q\n  %s\n", name, arguments)
		} else {
			fmt.Fprintf(&b, "  %q = {\n  %s\n  }\n", name, arguments)
		}
	}
	body := b.String()
	if o.resource == "relay_workflow_secrets" {
		body = "  secrets = {\n" + body + "}\n"
	}
	return fmt.Sprintf("\nresource %q %q {\n  workflow = %q\n  on_drift = \"error\"\n%s}\n", o.resource, c.label, c.workflow, body)
}

func (s *fixture) perform(t *testing.T, o operation, scenes []scene, secrets map[string]string) {
	t.Helper()
	var blocks []string
	for _, c := range scenes {
		if secrets != nil {
			blocks = append(blocks, o.block(c, secrets))
		}
	}
	s.configure(t, blocks...)
}

// interrupt breaks the requests of each scene. made is the number of requests that a scene
// has made.
func (s *fixture) interrupt(scenes []scene) (made func(scene) int) {
	var mu sync.Mutex
	counts := map[string]*requestCount{}
	for _, c := range scenes {
		counts[c.workflow] = &requestCount{}
	}
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		body, _ := io.ReadAll(r.Body) // what capabilities are asked of is there
		i := slices.IndexFunc(scenes, func(c scene) bool {
			return strings.Contains(r.URL.Path, "/"+c.workflow+"/") || bytes.Contains(body, []byte("/"+c.workflow+"/"))
		})
		if i < 0 {
			return vaulttest.Action{}
		}
		c := scenes[i]
		mu.Lock()
		defer mu.Unlock()
		if counts[c.workflow].breaks(r, c.at, c.onwards) {
			return c.action
		}
		return vaulttest.Action{}
	})
	return func(c scene) int {
		mu.Lock()
		defer mu.Unlock()
		return counts[c.workflow].made
	}
}

// sight is what Vault has for one name.
type sight struct {
	version int
	value   string // "" for no live one
	// own: this owner has a record of this version.
	own bool
	// released: the record of this owner is released, or does not exist.
	released bool
	// expires: the version has a deletion time.
	expires bool
}

func (s *fixture) sight(t *testing.T, workflow, name string) sight {
	t.Helper()
	metadata := s.vault.Metadata(t, workflow, name)
	if metadata == nil {
		return sight{released: true}
	}
	version, _ := metadata["current_version"].(float64)
	custom, _ := metadata["custom_metadata"].(map[string]any)
	record, noted := custom["relay.terraform/shop"].(string)
	value, _ := s.vault.ReadAs(t, s.vault.RootToken, workflow, name)
	versions, _ := metadata["versions"].(map[string]any)
	current, _ := versions[fmt.Sprint(int(version))].(map[string]any)
	ends, _ := current["deletion_time"].(string)
	return sight{
		version:  int(version),
		value:    value,
		own:      strings.Contains(" "+record, fmt.Sprintf(" version=%.0f ", version)) && !strings.Contains(record, "released"),
		released: !noted || strings.Contains(record, "released="),
		expires:  ends != "",
	}
}

// writePlanned reports whether the plan sends a secret's value.
func (o operation) writePlanned(change terraformtest.Change, name string) bool {
	if slices.Equal(change.Change.Actions, []string{"create"}) {
		return true
	}
	unknown := change.Change.Unknown
	if o.resource == "relay_workflow_secrets" {
		unknown = inSet(unknown, name)
	}
	return unknown["version"] == true
}

func TestNextApplyRepairsInterruptionAtAnyRequest(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		t.Run(strings.ReplaceAll(o.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
				if o.before != nil && o.after != nil {
					cli = cli.Raced()
				}
				s := newFixture(t, cli)
				scenes := s.scenes(o.requests)
				if o.expiring {
					s.Setenv("VAULT_TOKEN", s.creator(t))
				}
				if o.before != nil {
					s.perform(t, o, scenes, o.before)
					s.Apply(t)
				}
				was := map[string]int{}
				s.eachSecret(t, o, scenes, func(id string, _ scene, _ string, now sight) { was[id] = now.version })
				s.perform(t, o, scenes, o.after)
				s.Plan(t)
				if o.before != nil {
					s.assertBlind(t)
				}
				s.proxy.Reset()
				made := s.interrupt(scenes)
				s.ApplyPlan(t)
				s.assertBlind(t)
				if n := made(scenes[0]); n != o.requests {
					t.Errorf("the scene sends %d requests, not %d: the test does not cover all", n, o.requests)
				}
				s.proxy.Reset()
				s.putsRight(t, o, scenes, was)
			})
		})
	}
}

// putsRight checks that the next plan writes only what is missing, and that the plan
// after the next apply is empty.
func (s *fixture) putsRight(t *testing.T, o operation, scenes []scene, was map[string]int) {
	t.Helper()
	plan := s.Plan(t)
	want := map[string]int{}
	s.eachSecret(t, o, scenes, func(id string, c scene, name string, now sight) {
		if now.version > was[id]+1 {
			t.Errorf("%s: version %d was written after %d", id, now.version, was[id])
		}
		want[id] = now.version
		text, wanted := o.after[name]
		if !wanted {
			return
		}
		value, _, _ := strings.Cut(text, "@")
		missing := now.value != value || !now.own
		if missing {
			want[id]++
		}
		if planned := o.writePlanned(plan.Change(o.address(c)), name); planned != missing {
			t.Errorf("%s: Vault has %+v, write planned: %t", id, now, planned)
		}
	})
	for _, c := range scenes {
		if actions := plan.Change(o.address(c)).Change.Actions; len(actions) > 1 {
			t.Errorf("%s: planned %v: the resource is tainted", c.label, actions)
		}
	}
	if result := s.ApplyPlan(t); result.Code != 0 {
		t.Fatalf("the next apply fails:\n%s", result.Output)
	}
	s.eachSecret(t, o, scenes, func(id string, _ scene, name string, now sight) {
		if o.expiring && !now.expires {
			t.Errorf("%s: version %d never expires", id, now.version)
		}
		value, _, _ := strings.Cut(o.after[name], "@")
		_, wanted := o.after[name]
		switch {
		case now.version != want[id]:
			t.Errorf("%s: version %d, want %d", id, now.version, want[id])
		case now.value != value:
			t.Errorf("%s: the workflow reads %q, want %q", id, now.value, value)
		case wanted != now.own, wanted == now.released:
			t.Errorf("%s: the record is wrong: %+v", id, now)
		}
	})
	s.NoChanges(t)
}

func (s *fixture) eachSecret(t *testing.T, o operation, scenes []scene, look func(id string, c scene, name string, now sight)) {
	t.Helper()
	names := maps.Clone(o.before)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, o.after)
	for _, c := range scenes {
		for name := range names {
			look(c.label+"/"+name, c, name, s.sight(t, c.workflow, name))
		}
	}
}

func TestRefreshChangesNothingAfterInterruptionAtAnyRequest(t *testing.T) {
	t.Parallel()
	for _, o := range []operation{
		{"a secret", 2, map[string]string{"a": "1@1"}, nil, "relay_workflow_secret", false},
		{"a set", 4, map[string]string{"a": "1@1", "b": "2@1", "c": "3@1"}, nil, "relay_workflow_secrets", false},
	} {
		t.Run(strings.ReplaceAll(o.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newFixture(t, cli)
				scenes := s.scenes(o.requests)
				s.perform(t, o, scenes, o.before)
				s.Apply(t)
				s.dataWrites(t)
				for _, onwards := range []bool{false, true} {
					args := []string{"apply", "-auto-approve"}
					broken := slices.DeleteFunc(slices.Clone(scenes), func(c scene) bool { return c.onwards != onwards })
					for _, c := range broken {
						args = append(args, "-target="+o.address(c))
					}
					made := s.interrupt(broken)
					result := s.Run(t, args...)
					s.proxy.Hook(nil)
					for _, c := range broken {
						if failed := strings.Contains(result.Output, "with "+o.address(c)+","); failed != onwards {
							t.Errorf("%s: refresh failed: %t:\n%s", c.label, failed, result.Output)
						}
						if n := made(c); c.at == 0 && n != o.requests {
							t.Errorf("the scene sends %d requests, not %d: the test does not cover all", n, o.requests)
						}
					}
				}
				if n := s.dataWrites(t); n != 0 {
					t.Errorf("%d values were sent", n)
				}
				s.NoChanges(t)
			})
		})
	}
}
