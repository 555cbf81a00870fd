// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// TestRepairMayTakeLongerThanTheServersDeadlines: a change of a value that another writer wrote
// waits for that writer's record.
func TestRepairMayTakeLongerThanTheServersDeadlines(t *testing.T) {
	t.Parallel()
	const deadline = time.Second
	w := newWorld(t, nil)
	w.server.settings.Settle = 2 * deadline
	server := httptest.NewUnstartedServer(w.server.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = deadline, deadline
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	page := "/workflows/" + w.workflow
	if r := b.post(page+"/add", url.Values{"name": {"a"}, "value": {"first"}}); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	w.Write(t, w.workflow, "a", "of another writer")
	fields := hiddenFields(b.get(page + "/secrets/a/replace"))
	fields.Set("value", "second")
	fields.Set("reason", "repair")
	fields.Set("again", "a")
	if r := b.post(page+"/secrets/a/replace", fields); r.status != http.StatusSeeOther {
		t.Errorf("%d\n%s", r.status, r.main())
	}
	w.wantRead(t, "a", "second")
}
