// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestAThousandSecretsArriveByteForByte(t *testing.T) {
	t.Parallel()
	const workflows, each = 20, 50
	w := newWorld(t, workflows)
	canary := vaulttest.Canary(t)
	values := map[string]map[string]string{}
	for i := range workflows {
		values[w.workflow(i)] = awkwardValues(each, canary)
		name := fmt.Sprintf("secrets/%d.json", i)
		if i%2 == 0 {
			name = fmt.Sprintf("secrets/%d.yaml", i) // JSON is YAML
		}
		plain, err := json.Marshal(map[string]any{"workflows": map[string]any{w.workflow(i): values[w.workflow(i)]}})
		if err != nil {
			t.Fatal(err)
		}
		w.seal(name, string(plain))
	}
	w.commit()

	rep := w.sync(true)
	if s := rep.Summary(); s.Add != workflows*each || rep.Outcome() != report.Clean {
		t.Fatalf("the first round: %+v\n%s", s, w.text())
	}
	if n := w.writes(); n != workflows*each {
		t.Errorf("%d values were sent, want %d", n, workflows*each)
	}
	for workflow, named := range values {
		reader := w.vault.Reader(t, workflow)
		for name, want := range named {
			raw, ok := w.vault.ReadAs(t, reader, workflow, name)
			if got := relayDecode(t, raw); !ok || got != want {
				t.Errorf("%s/%s reads %.60q, want %.60q", workflow, name, got, want)
			}
		}
	}

	rep = w.sync(true)
	requests := len(w.proxy.Requests())
	if n := w.writes(); n != 0 || rep.Summary().Unchanged != workflows*each {
		t.Errorf("the same commit again: %d values sent, %+v", n, rep.Summary())
	}
	if want := workflows + workflows*each; requests != want {
		t.Errorf("the same commit again: %d requests, want a list of each workflow and one read of metadata per secret, %d", requests, want)
	}
	vaulttest.AssertNoCanary(t, canary, w.output)
}

// awkwardValues are n values, the first of them the kinds that break things.
func awkwardValues(n int, canary string) map[string]string {
	binary := make([]byte, 3000)
	for i := range binary {
		binary[i] = byte(rand.IntN(256))
	}
	out := map[string]string{
		"multi-line":     "-----BEGIN KEY-----\nabc\n\n  def\n-----END KEY-----\n",
		"long":           strings.Repeat("0123456789", 10_240),
		"binary":         base64.StdEncoding.EncodeToString(binary),
		"looks.encoded":  "base64:aGVsbG8=",
		"Ünï code":       "pässwörd ✓ 日本語 \u202e",
		"template":       "${secrets.other} {{ x }} %s $(id)",
		"spaces":         "  leading and trailing \t ",
		"json":           `{"a": [1, "b"]}`,
		"yaml-like":      "yes",
		"looks-like-enc": "ENC[x]",
	}
	for i := len(out); i < n; i++ {
		out[fmt.Sprintf("plain_%d", i)] = fmt.Sprintf("%s-%d", canary, i)
	}
	return out
}

// relayDecode is the reader's rule (ARCHITECTURE.md, Transfer encoding).
func relayDecode(t *testing.T, raw string) string {
	t.Helper()
	rest, found := strings.CutPrefix(raw, "base64:")
	if !found {
		return raw
	}
	plain, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestAChangeBetweenPlanAndApplyIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	canary := vaulttest.Canary(t)
	manifest := func(value string) string {
		return fmt.Sprintf("workflows:\n  %s:\n    token: %s\n", w.workflow(0), value)
	}
	w.seal("a.yaml", manifest(canary+"-1"))
	w.commit()
	w.sync(true)
	w.seal("a.yaml", manifest(canary+"-2"))
	w.commit()
	var once sync.Once
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") {
			once.Do(func() { w.vault.Write(t, w.workflow(0), "token", "foreign") })
		}
		return vaulttest.Action{}
	})
	rep := w.sync(true)
	if rep.Outcome() != report.Failed || len(rep.Results) != 1 || !errors.Is(rep.Results[0].Err, secrets.ErrConflict) {
		t.Fatalf("the round: %s", w.text())
	}
	if want := "changed since the plan: version 2, planned from 1; plan again"; !strings.Contains(w.text(), want) {
		t.Errorf("the report does not say %q:\n%s", want, w.text())
	}
	w.wantRead(w.workflow(0), "token", "foreign")
	// The next round sees what happened and, as configured, heals.
	w.sync(true)
	w.wantRead(w.workflow(0), "token", canary+"-2")
	vaulttest.AssertNoCanary(t, canary, w.output)
}

var anEnc = regexp.MustCompile(`ENC\[[^\]]*\]`)

func TestRefusedManifestsWriteNothing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// plain is the manifest before it is sealed, with the workflow for %s;
		// change makes of the sealed text what is committed.
		plain, flags, rules string
		change              func(w *world, sealed string) string
		want                string
	}{
		{name: "a value left in clear", change: func(_ *world, s string) string { return anEnc.ReplaceAllStringFunc(s, first("CANARY")) }, want: "line 3: workflows.%s.a"},
		{name: "a number", change: func(_ *world, s string) string { return anEnc.ReplaceAllStringFunc(s, first("8080")) }, want: "line 3: workflows.%s.a"},
		{name: "a sealed number", plain: "workflows:\n  %s:\n    a: 8080\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
		{name: "a null", plain: "workflows:\n  %s:\n    a: null\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
		{name: "an empty string", plain: "workflows:\n  %s:\n    a: \"\"\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
		{name: "an anchor", change: func(_ *world, s string) string { return strings.Replace(s, "a: ENC", "a: &x ENC", 1) }, want: "anchor"},
		{name: "a second document", change: func(_ *world, s string) string { return s + "---\nworkflows: {}\n" }, want: "document"},
		{name: "a key twice", change: func(_ *world, s string) string { return strings.Replace(s, "    b: ", "    a: ", 1) }, want: "line 4"},
		{name: "a value moved to another name", change: func(_ *world, s string) string { return strings.Replace(s, "    a: ", "    moved: ", 1) }, want: "workflows.%s.moved"},
		{
			name: "a value moved to another workflow",
			change: func(w *world, s string) string {
				return strings.Replace(s, w.workflow(0)+":", w.workflow(1)+":", 1)
			},
			want: "does not open",
		},
		{name: "a colon in a name", change: func(_ *world, s string) string { return strings.Replace(s, "    a: ", "    \"a:b\": ", 1) }, want: "':' (U+003A)"},
		{name: "a list", plain: "workflows:\n  %s:\n    a: [CANARY]\n    b: x\n", want: "line 3: workflows.%s.a"},
		{name: "a bad MAC", change: func(_ *world, s string) string { return regexp.MustCompile(`(?m)^ +b: .*\n`).ReplaceAllString(s, "") }, want: "sops.mac does not match"},
		{name: "mac_only_encrypted", rules: "creation_rules: [{mac_only_encrypted: true, age: RECIPIENT}]", want: "mac_only_encrypted"},
		{name: "a foreign selector", flags: "--unencrypted-regex=^z$", want: "unencrypted_regex"},
		{name: "a truncated file", change: func(_ *world, s string) string { return s[:len(s)*2/3] }, want: "a.yaml"},
		{name: "a file that makes sops panic", change: func(_ *world, s string) string { return strings.Replace(s, "type:str]", "type:bytes]", 1) }, want: "line 3"},
		{name: "junk behind a ciphertext", change: func(_ *world, s string) string { return strings.Replace(s, "type:str]", "type:str]x", 1) }, want: "line 3"},
		{name: "connections", plain: "connections:\n  aws:\n    prod:\n      secretAccessKey: CANARY\n", want: "connections"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			canary := vaulttest.Canary(t)
			plain := row.plain
			if plain == "" {
				plain = "workflows:\n  %s:\n    a: CANARY\n    b: CANARY\n"
			}
			if strings.Contains(plain, "%s") {
				plain = fmt.Sprintf(plain, w.workflow(0))
			}
			write(t, w.repo, "a.yaml", strings.ReplaceAll(plain, "CANARY", canary))
			if row.rules != "" {
				write(t, w.repo, ".sops.yaml", strings.ReplaceAll(row.rules, "RECIPIENT", w.recipient))
			}
			args := []string{"encrypt", "--in-place"}
			if row.flags != "" {
				args = append(args, row.flags)
			}
			w.sops(append(args, "a.yaml")...)
			if row.change != nil {
				changed := row.change(w, w.read("a.yaml"))
				if changed == w.read("a.yaml") {
					t.Fatal("the case changes nothing")
				}
				write(t, w.repo, "a.yaml", strings.ReplaceAll(changed, "CANARY", canary))
			}
			_ = os.Remove(filepath.Join(w.repo, ".sops.yaml"))
			w.seal("good.yaml", fmt.Sprintf("workflows:\n  %s:\n    fine: value\n", w.workflow(1)))
			w.commit()
			rep := w.sync(true)
			want := strings.ReplaceAll(row.want, "%s", w.workflow(0))
			if rep.Outcome() != report.Failed || len(rep.Failures) != 1 || !strings.Contains(w.text(), want) {
				t.Errorf("the report does not say %q:\n%s", want, w.text())
			}
			if n := w.writes(); n != 1 {
				t.Errorf("%d values were written, want only the good file's", n)
			}
			w.wantRead(w.workflow(1), "fine", "value")
			vaulttest.AssertNoCanary(t, canary, w.output)
		})
	}
}

// first replaces the first match only.
func first(with string) func(string) string {
	done := false
	return func(match string) string {
		if done {
			return match
		}
		done = true
		return with
	}
}

func TestAFileOfAnotherSourceDoesNotOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	mine := w.recipient
	w.recipient = other.Recipient().String()
	w.seal("copied.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: value\n", w.workflow(0)))
	w.commit()
	if rep := w.sync(true); rep.Outcome() != report.Failed || w.writes() != 0 {
		t.Errorf("a file for another key was applied:\n%s", w.text())
	}
	for _, want := range []string{w.recipient, mine, "copied.yaml"} {
		if !strings.Contains(w.text(), want) {
			t.Errorf("the report does not name %s:\n%s", want, w.text())
		}
	}
}

func TestALackingCapabilityIsNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	const (
		data     = `path "customers/data/workflows/+/+" { capabilities = ["create", "update"] }`
		metadata = `path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }`
		list     = `path "customers/metadata/workflows/+/" { capabilities = ["list"] }`
	)
	for _, row := range []struct {
		name, want string
		rules      []string
	}{
		{"no list", list, []string{data, metadata}},
		{"no metadata", `path "customers/metadata/workflows/+/+" { capabilities = ["read"`, []string{data, list}},
		{"no patch", `path "customers/metadata/workflows/+/+" { capabilities = ["patch"] }`, []string{data, list, strings.Replace(metadata, `, "patch"`, "", 1)}},
		{"no update", `path "customers/data/workflows/+/+" { capabilities = ["update"] }`, []string{metadata, list, strings.Replace(data, `, "update"`, "", 1)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", w.workflow(0)))
			w.commit()
			w.sync(true)
			w.writes()
			w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: two\n    b: new\n", w.workflow(0)))
			w.commit()
			w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.vault.Token(t, row.rules...))
			if rep := w.sync(true); rep.Outcome() != report.Failed || !strings.Contains(w.text(), row.want) {
				t.Errorf("the report does not say %q:\n%s", row.want, w.text())
			}
			if n := w.writes(); n != 0 {
				t.Errorf("%d values were written all the same", n)
			}
			w.wantRead(w.workflow(0), "a", "one")
		})
	}
}

// TestKilledMidway kills the real program with SIGKILL at its n-th write, for
// several n: whatever it left, the next round loses nothing, writes nothing
// twice beyond the one it was killed at, and says what needs a person.
func TestKilledMidway(t *testing.T) {
	t.Parallel()
	program, err := filepath.Abs("../bin/relay-sync")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("bin/relay-sync is missing: run make")
	}
	for _, update := range []bool{false, true} {
		for n := 1; n <= 6; n++ {
			t.Run(fmt.Sprintf("update=%v, at write or record %d", update, n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 1)
				w.cfg.Vault.Concurrency = 1
				manifest := func(round string) string {
					return fmt.Sprintf("workflows:\n  %s:\n    a: a%[2]s\n    b: b%[2]s\n    c: c%[2]s\n", w.workflow(0), round)
				}
				if update {
					w.seal("a.yaml", manifest("0"))
					w.commit()
					w.sync(true)
				}
				w.seal("a.yaml", manifest("1"))
				w.commit()
				killAt(t, w, program, n)

				rep := w.sync(true)
				stranded := 0
				for _, r := range rep.Results {
					if r.Kind == plan.Blocked {
						stranded++
						if r.Verdict.State != secrets.Unmanaged {
							t.Errorf("%s is blocked: %s", r.Address, r.Cause)
						}
					}
				}
				// Killed between the value and the record of a create: nobody knows
				// whose it is.
				if want := !update && n%2 == 0; (stranded == 1) != want || stranded > 1 {
					t.Errorf("%d secrets were left without a record:\n%s", stranded, w.text())
				}
				for _, name := range []string{"a", "b", "c"} {
					w.wantRead(w.workflow(0), name, name+"1")
				}
			})
		}
	}
}

// killAt runs relay-sync apply and kills it when its n-th write or record
// reaches Vault, before it is answered.
func killAt(t *testing.T, w *world, program string, n int) {
	t.Helper()
	dir := t.TempDir()
	source := w.cfg.Sources[0]
	config := write(t, dir, "relay-sync.yaml", fmt.Sprintf(
		"controller: %s\nvault: {address: %q, token_file: %q, concurrency: 1, settle: 100ms}\nsources:\n- {name: shop, repository: %q, files: [\"**/*.yaml\"], workflows: [%q], age_keys: [%q]}\n",
		w.cfg.Controller, w.proxy.Address, w.cfg.Vault.TokenFile, w.repo, source.Workflows[0], source.AgeKeys[0]))
	cmd := exec.Command(program, "apply", "-c", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	w.proxy.Reset()
	started := make(chan *os.Process, 1)
	var mu sync.Mutex
	seen := 0
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if !strings.Contains(r.URL.Path, "/data/") && r.Method != http.MethodPatch {
			return vaulttest.Action{}
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen != n {
			return vaulttest.Action{}
		}
		_ = (<-started).Kill()
		return vaulttest.CutAt(vaulttest.Before)
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started <- cmd.Process
	err := cmd.Wait()
	mu.Lock()
	defer mu.Unlock()
	if err == nil || seen < n {
		t.Fatalf("relay-sync was not killed: %v after %d requests", err, seen)
	}
	w.proxy.Reset()
}
