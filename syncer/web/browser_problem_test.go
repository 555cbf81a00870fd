// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// onWrites lets the proxy act on writes of values alone.
func (w *world) onWrites(action vaulttest.Action) {
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/data/") {
			return action
		}
		return vaulttest.Action{}
	})
}

// TestPageOfEachProblemShowsWhatToDo, and whether something was written.
func TestPageOfEachProblemShowsWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	w.add(tab, "password", "one")
	for name, c := range map[string]struct {
		action vaulttest.Action
		status int64
		title  string
		text   string
	}{
		"answer lost": {vaulttest.CutAt(vaulttest.After), 502, "Outcome unknown", "if it has a new version of this minute, the change happened"},
		"rate limit":  {vaulttest.FailWith(429), 429, "Vault is busy", "Try again in some seconds."},
	} {
		w.page(tab, "/secrets/password/replace")
		tab.Fill("Value", "two")
		w.onWrites(c.action)
		tab.Follow("button", "Replace")
		if !tab.Has("heading", c.title) || tab.Status() != c.status {
			t.Errorf("%s: status %d, want %d %q:\n%s", name, tab.Status(), c.status, c.title, tab.Text())
		}
		wantText(t, tab, c.text)
		tab.AssertAccessible()
		w.proxy.Reset()
	}
	tab.Open(w.url + "/nothing")
	wantText(t, tab, "Nothing is here")
	tab.AssertAccessible()
	w.page(tab, "/secrets/absent")
	if tab.Status() != 404 {
		t.Errorf("an absent secret: %d", tab.Status())
	}
	tab.Open(w.url + "/me")
	wantText(t, tab, "Session ends", "in 8 hours, or after 30 minutes without a request", "this page renews it while you use it, and revokes it when you log out")
	tab.AssertAccessible()
}

// TestPagesOfAVaultThatIsSealedOrStopped: the session outlives that.
func TestPagesOfAVaultThatIsSealedOrStopped(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, vaulttest.StartOwn(t), nil)
	tab := w.openAs(t, policy.Operator)
	w.page(tab, "/add")
	tab.Fill("Name", "password")
	tab.Fill("Value", "one")
	w.Seal(t)
	tab.Follow("button", "Add secret")
	wantText(t, tab, "Vault is sealed", "Nothing was changed.", "Ask an administrator of Vault to unseal it")
	if tab.Status() != 503 {
		t.Errorf("sealed: status %d", tab.Status())
	}
	tab.AssertAccessible()
	w.Unseal(t)
	w.page(tab, "")
	w.add(tab, "password", "two")
	w.wantRead(t, "password", "two")
	w.Stop(t)
	tab.Reload()
	wantText(t, tab, "Vault is unavailable", "Try again")
	tab.AssertAccessible()
}

// TestFileAboveTheLimitIsAProblemOfTheForm, and one far above it a page of its own.
func TestFileAboveTheLimitIsAProblemOfTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	const rule = "a binary file, is stored as base64, which is larger by a third, so it may have at most 393210 bytes"
	for content, want := range map[string]string{
		strings.Repeat("a", 600<<10):    "the value is larger than the limit of 524288 bytes",
		strings.Repeat("\xff", 450<<10): "the value is larger than the limit of 524288 bytes",
		strings.Repeat("a", 2<<20):      "Too large",
	} {
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		w.page(tab, "/add")
		tab.Fill("Name", "large")
		tab.Click("radio", "File")
		wantText(t, tab, "At most 524288 bytes; of a binary file at most 393210")
		tab.Upload("File", path)
		tab.Follow("button", "Add secret")
		wantText(t, tab, want, rule)
		for _, length := range []string{strconv.Itoa(len(content)), "614407", "600 K", "450 K"} {
			if strings.Contains(tab.Text(), length) {
				t.Errorf("the page shows the length of the value:\n%s", tab.Text())
			}
		}
		tab.AssertAccessible()
	}
	w.wantNone(t, "large")
}

// TestViewerSeesWhichCapabilityIsMissing: what a viewer may not do is not offered.
func TestViewerSeesWhichCapabilityIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.writeAs(t, "terraform/net", "password", "one")
	tab := w.openAs(t, policy.Viewer)
	for _, action := range []string{"Add secret", "Replace password", "Delete password"} {
		if tab.Has("link", action) {
			t.Errorf("the page of a viewer has %q", action)
		}
	}
	tab.Click("DisclosureTriangle", "What your policies do not permit here")
	wantText(t, tab, "To add and replace, your policies need:", `path "customers/data/workflows/`+w.workflow)
	tab.AssertAccessible()
	w.page(tab, "/add")
	wantText(t, tab, "Missing permission", `path "customers/data/workflows/`+w.workflow)
	if tab.Status() != 403 {
		t.Errorf("status %d", tab.Status())
	}
	tab.AssertAccessible()
}

// TestPagesWithoutADaemonThatAnswers show what Vault has.
func TestPagesWithoutADaemonThatAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *config.Web) { c.Daemon.Socket = filepath.Join(os.TempDir(), "absent.sock") })
	w.Write(t, w.workflow, "password", "one")
	tab := w.openAs(t, policy.Operator)
	wantText(t, tab, "The daemon does not answer", "password")
	for _, path := range []string{"/workflows", "/sources", "/activity"} {
		tab.Open(w.url + path)
		wantText(t, tab, "The daemon does not answer")
		tab.AssertAccessible()
	}
	tab.Open(w.url + "/sources/shop")
	if tab.Status() != 502 {
		t.Errorf("a source: %d", tab.Status())
	}
	tab.AssertAccessible()
}

// TestPersonWithoutRightsSeesEmptyPages, and how to go on.
func TestPersonWithoutRightsSeesEmptyPages(t *testing.T) {
	t.Parallel()
	w := newDaemonWorld(t)
	w.manifest(t, "secrets/a.yaml", "password")
	w.run(t)
	tab := w.open(t, `path "customers/data/other" { capabilities = ["list"] }`)
	for path, want := range map[string]string{
		"/workflows":               "Your Vault policies name no workflow that can be listed.",
		"/sources":                 "1 more with workflows that your policies do not permit you to see.",
		"/activity":                "No change is known",
		"/connections":             "Missing permission",
		"/workflows/" + w.workflow: "Missing permission",
	} {
		tab.Open(w.url + path)
		wantText(t, tab, want)
		if strings.Contains(tab.Text(), "password") || path == "/sources" && strings.Contains(tab.Text(), "shop") {
			t.Errorf("%s shows:\n%s", path, tab.Text())
		}
		tab.AssertAccessible()
	}
}

// TestLongAndForeignNamesFitEveryWindow, also a narrow one.
func TestLongAndForeignNamesFitEveryWindow(t *testing.T) {
	t.Parallel()
	w := newDaemonWorld(t)
	long := strings.Repeat("long_name_", 12) + "12345678"
	var steps strings.Builder
	for range 6 {
		steps.WriteString("- name: " + strings.Repeat("n", 60) + "\n  spec: {a: !Secret " + long + ", b: !Secret absent, c: !Connection [aws, " + long + "]}\n")
	}
	w.file(t, "flows/"+w.workflow+".yaml", "steps:\n"+steps.String())
	w.manifest(t, "secrets/a.yaml", long)
	w.writeAs(t, "terraform/net-prod-prod-prod-prod-prod-prod-prod-prod-x", "نص عربي", "one")
	w.run(t)
	tab := w.openAs(t, policy.Operator)
	wantText(t, tab, long, "نص عربي", "net-prod", "3 more")
	tab.AssertAccessible()
	for _, path := range []string{"/secrets/" + long, "/secrets/" + long + "/replace", "/secrets/" + long + "/delete"} {
		w.page(tab, path)
		tab.AssertAccessible()
	}
	for _, path := range []string{"/workflows", "/activity"} {
		tab.Open(w.url + path)
		tab.AssertAccessible()
	}
}
