// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// assertText fails if the page has the hostile text as anything but text.
func assertText(t *testing.T, what string, r response) (shown bool) {
	t.Helper()
	for _, bad := range []string{"<script>alert", "<img src=x", "\x1b", "\u202e", "\x00", `href="javascript`, "onerror=alert(1)>" + "\""} {
		if strings.Contains(r.body, bad) {
			t.Errorf("%s: %d: the page has %q\n%s", what, r.status, bad, r.main())
		}
	}
	return strings.Contains(r.body, "&lt;img src=x")
}

func TestHTMLInWhatAPersonEntersIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Administrator, nil))
	w.prepare(t, b)
	page, bad := "/workflows/"+w.workflow, url.QueryEscape(hostile)
	shown := 0
	for _, a := range []request{
		{method: http.MethodGet, path: "/workflows?filter=" + bad},
		{method: http.MethodGet, path: "/activity?workflow=" + bad},
		{method: http.MethodGet, path: "/open?workflow=" + bad},
		{method: http.MethodGet, path: page + "/add?name=" + bad},
		{method: http.MethodGet, path: "/connections/add?type=" + bad},
		{method: http.MethodGet, path: "/connections/add?type=custom&name=" + bad},
		{method: http.MethodGet, path: "/login?next=" + bad},
		{method: http.MethodPost, path: "/login", body: "login=0&password=x&username=" + bad},
		{method: http.MethodPost, path: page + "/add", body: "name=" + bad + "&reason=" + bad + "&value=&team=" + bad},
		{method: http.MethodPost, path: page + "/add", body: "name=a&value=v&team=" + bad},
		{method: http.MethodPost, path: "/connections/add", body: "type=custom&name=a&field." + bad + "=v&reason=" + bad},
		{method: http.MethodPost, path: "/connections/add", body: "type=" + bad + "&name=" + bad + "&field.a=v"},
		{method: http.MethodPost, path: page + "/secrets/existing/replace", body: "takeover=1&origin=" + bad + "&last_owner=" + bad + "&seen_owner=" + bad + "&seen_version=1&value=v&again=" + bad},
		{method: http.MethodPost, path: page + "/secrets/existing/delete", body: "takeover=1&origin=" + bad + "&last_owner=terraform/" + bad + "&seen_version=" + bad},
		{method: http.MethodGet, path: "/" + bad},
	} {
		r := b.attack(a)
		if assertText(t, a.method+" "+a.path, r) {
			shown++
		}
		if r.status >= 500 {
			t.Errorf("%s %s: %d\n%s", a.method, a.path, r.status, r.main())
		}
	}
	if shown < 12 {
		t.Errorf("only %d pages show the text, so the test proves little", shown)
	}
	// It is written where people and programs read it: as text of one line.
	form := url.Values{"name": {"new"}, "value": {"v"}, "reason": {"=cmd|' /C calc'!A0 " + hostile}}
	if r := b.post(page+"/add", form); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	if r := b.get("/activity"); !assertText(t, "the activity", r) || strings.Contains(r.body, ">=cmd") || !strings.Contains(r.body, "“=cmd") {
		t.Errorf("the activity: %d\n%s", r.status, r.main())
	}
	text, err := os.ReadFile(w.audit)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var one report.AuditLine
		if err := json.Unmarshal([]byte(line), &one); err != nil || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x1b\x00\u202e\n") {
			t.Errorf("audit line %q: %v", line, err)
		}
	}
}

func TestHTMLInVaultIsText(t *testing.T) {
	t.Parallel()
	const short = `"><img src=x onerror=alert(1)>`
	w := newWorld(t, func(cfg *config.Web) { cfg.Logins[0].Label = short })
	token, entity := w.Person(t, w.rules(t, policy.Administrator, nil))
	status, answer := w.Call(t, w.RootToken, http.MethodPost, "identity/entity/id/"+entity, map[string]any{"name": w.workflow + short})
	if status/100 != 2 {
		t.Fatal(answer)
	}
	b := w.browser(t)
	b.beginWith(token)
	w.prepare(t, b)
	w.Write(t, w.workflow, `<img src=x onerror=alert(1)>`, "v")
	w.PatchCustomMetadata(t, w.workflow, "existing", map[string]any{short: short, "relay-owner " + short: "version=1 time=2020-01-01T00:00:00Z"})
	page := "/workflows/" + w.workflow
	shown := map[string]bool{}
	for _, path := range []string{"/login", "/me", "/workflows", page, page + "/secrets/existing", page + "/secrets/existing/replace", page + "/secrets/existing/delete", "/activity", "/connections", "/connections/custom/existing"} {
		r := b.get(path)
		shown[path] = assertText(t, path, r)
		if r.status != http.StatusOK {
			t.Errorf("%s: %d\n%s", path, r.status, r.main())
		}
	}
	for _, path := range []string{"/login", "/me", page} {
		if !shown[path] {
			t.Errorf("%s does not show the text, so it proves nothing:\n%s", path, b.get(path).main())
		}
	}
}
