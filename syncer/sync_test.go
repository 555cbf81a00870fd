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
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestThousandSecretsArriveByteForByte(t *testing.T) {
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
		t.Fatalf("the first sync: %+v\n%s", s, w.text())
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
	if want := 1 + workflows + workflows*each; requests != want {
		t.Errorf("the same commit again: %d requests, want one for the mount, a list of each workflow and one read of metadata per secret, %d", requests, want)
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

func TestChangeBetweenPlanAndApplyIsAConflict(t *testing.T) {
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
		t.Fatalf("the sync: %s", w.text())
	}
	if want := "changed since the plan: version 2, planned from 1; plan again"; !strings.Contains(w.text(), want) {
		t.Errorf("the report does not contain %q:\n%s", want, w.text())
	}
	w.wantRead(w.workflow(0), "token", "foreign")
	// The next sync sees what happened and, as configured, heals.
	w.sync(true)
	w.wantRead(w.workflow(0), "token", canary+"-2")
	vaulttest.AssertNoCanary(t, canary, w.output)
}

func TestFileOfAnotherSourceIsNotDecrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	first := w.recipient
	w.recipient = other.Recipient().String()
	w.seal("copied.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: value\n", w.workflow(0)))
	w.commit()
	if rep := w.sync(true); rep.Outcome() != report.Failed || w.writes() != 0 {
		t.Errorf("a file for another key was applied:\n%s", w.text())
	}
	for _, want := range []string{w.recipient, first, "copied.yaml"} {
		if !strings.Contains(w.text(), want) {
			t.Errorf("the report does not name %s:\n%s", want, w.text())
		}
	}
}

func TestMissingCapabilityIsNamedAndNothingIsWritten(t *testing.T) {
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
		{"no patch", metadata, []string{data, list, strings.Replace(metadata, `, "patch"`, "", 1)}},
		{"no update", data, []string{metadata, list, strings.Replace(data, `, "update"`, "", 1)}},
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
			// The line for this workflow only.
			want := strings.Replace(row.want, "workflows/+/", "workflows/"+w.workflow(0)+"/", 1)
			if rep := w.sync(true); rep.Outcome() != report.Failed || !strings.Contains(w.text(), want) {
				t.Errorf("the report does not contain %q:\n%s", want, w.text())
			}
			if failed := strings.Count(w.text(), "failed: secret "); failed > 0 && strings.Count(w.text(), w.workflow(0)+"/b: missing capability") != 1 {
				t.Errorf("the failure of the second secret names another one:\n%s", w.text())
			}
			if strings.Contains(w.text(), "not checked: secret ") {
				t.Errorf("the failure of a whole workflow names one secret:\n%s", w.text())
			}
			if n := w.writes(); n != 0 {
				t.Errorf("%d values were written all the same", n)
			}
			w.wantRead(w.workflow(0), "a", "one")
		})
	}
}
