// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestHostileRepositoryAndVaultReachNoOutputRaw looks at every output of a daemon, and of
// the commands, for a repository and a Vault of which others choose each text.
func TestHostileRepositoryAndVaultReachNoOutputRaw(t *testing.T) {
	t.Parallel()
	w := newHostileWorld(t)
	outputs := map[string]string{}
	for name, ask := range map[string]Request{"keyless plan": {Keyless: true}, "plan": {}} {
		reports, err := New(w.cfg, "test").Sync(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		var text, markdown, asJSON strings.Builder
		_ = render.NewText(&text, false).Write(reports)
		_ = render.WriteMarkdown(&markdown, reports, plan.ConfigFlag(""))
		_ = render.WriteJSON(&asJSON, reports)
		outputs[name], outputs[name+" as markdown"], outputs[name+" as JSON"] = text.String(), markdown.String(), asJSON.String()
	}
	for _, request := range []string{"keyless plan", "plan"} {
		for _, cause := range []string{"has an invalid name", "names cannot be managed here", "problems"} {
			if !strings.Contains(outputs[request], cause) {
				t.Errorf("%s: %q is not in it", request, cause)
			}
		}
	}
	if !strings.Contains(outputs["plan"], "owned by terraform/evil") {
		t.Errorf("the hostile record is not in the plan:\n%.900s", outputs["plan"])
	}
	maps.Copy(outputs, w.daemonOutputs())
	for name, output := range outputs {
		if !strings.Contains(output, foreigntest.Canary) && name != "metrics" && name != "audit" {
			t.Errorf("%s: no hostile text is in it: %.300s", name, output)
		}
		before := t.Failed()
		if foreigntest.Check(t, output); t.Failed() && !before {
			t.Errorf("^ %s", name)
		}
	}
}

// daemonOutputs runs the daemon until it has made one sync.
func (w *world) daemonOutputs() map[string]string {
	t := w.t
	var mu sync.Mutex
	var messages strings.Builder
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		messages.Write(append(body, '\n'))
	}))
	t.Cleanup(receiver.Close)
	w.cfg.Sources[0].Notify = []notify.Config{{Webhook: &notify.Webhook{
		URL: receiver.URL, SecretFile: write(t, t.TempDir(), "hook", "a secret that is long enough"),
	}}}
	audit := filepath.Join(t.TempDir(), "audit")
	var textLog, jsonLog bytes.Buffer
	d := w.daemonWith(func(c *Controller) {
		var err error
		if c.Audit, err = OpenAudit(audit, "test", auditfile.Streams{}); err != nil {
			t.Fatal(err)
		}
	})
	get := func(method, target string) string {
		answer := httptest.NewRecorder()
		d.CommandHandler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, target, nil))
		return answer.Body.String()
	}
	d.until("a sync", func() bool { return !d.status()["shop"].LastSync.IsZero() })
	out := map[string]string{"POST /sync": get("POST", "/sync"), "POST /sync as JSON": get("POST", "/sync?output=json")}
	if !await.Until(time.Minute, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(messages.String(), "revision.failed")
	}) {
		t.Error("no notification was sent")
	}
	reports, err := d.Controller.SyncNow(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// As relay-sync run makes its log.
	logSync(slog.New(slog.NewTextHandler(foreign.NewWriter(&textLog, false), nil)), reports[0])
	logSync(slog.New(slog.NewJSONHandler(foreign.NewWriter(&jsonLog, false), nil)), reports[0])
	for _, text := range hostileTexts() {
		out["POST /sync of "+text] = get("POST", "/sync?source="+url.QueryEscape(text[:min(len(text), 1000)]))
		out["POST /changed of "+text] = get("POST", "/changed?source="+url.QueryEscape(text[:min(len(text), 1000)]))
	}
	out["status"], out["metrics"] = get("GET", "/status"), get("GET", "/metrics")
	d.board.update("shop", func(s *report.Status) { s.Ready = false })
	out["readyz"] = get("GET", "/readyz")
	d.stop()
	lines, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	out["audit"], out["log as text"], out["log as JSON"] = string(lines), textLog.String(), jsonLog.String()
	mu.Lock()
	defer mu.Unlock()
	out["notifications"] = messages.String()
	return out
}
