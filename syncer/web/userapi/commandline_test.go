// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// daemonWith is the client of a daemon that knows one workflow.
func daemonWith(t *testing.T, known func() report.Inventory) *daemon.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := known()
		all.Workflows = slices.DeleteFunc(all.Workflows, func(one report.Workflow) bool { return one.Name != r.URL.Query().Get("workflow") })
		_ = json.NewEncoder(w).Encode(all)
	}))
	t.Cleanup(server.Close)
	client, err := daemon.New(daemon.Settings{Listen: strings.TrimPrefix(server.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestRelaysCommandLineWorksUnchanged(t *testing.T) {
	t.Parallel()
	var w *world
	client := daemonWith(t, func() report.Inventory {
		used := report.Reference{Kind: workflowfile.Secret, UserKind: "step", User: "deploy", Name: "used"}
		return report.Inventory{Mount: "customers", Prefix: "workflows", Workflows: []report.Workflow{{Name: w.workflow, MissingKnown: true, References: []report.Reference{used}}}}
	})
	w = newWorld(t, vaulttest.Start(t), func(c *Config) { c.Daemon = client })
	reader, relay := w.reader(t), relaytest.CommandLine{Address: w.address, Token: w.token}
	want := map[string]string{}
	for _, c := range []struct{ name, value string }{
		{"new", "s3cr3t"}, {"new", "again\n"}, {"used", "x"}, {"bytes", "\x00\xff\xfe"}, {"encoded", "base64:aGVsbG8="},
		{"名前", "übung 😀 <&>\u2028"}, {"with space", "1"}, {"with space", "2"},
	} {
		out, err := relay.Set(t.Context(), w.workflow, c.name, c.value)
		if err != nil || out.Failure != "" || out.Used != (c.name == "used") {
			t.Errorf("set %s: %+v, %v", c.name, out, err)
		}
		want[c.name] = c.value
	}
	if out, err := relay.Delete(t.Context(), w.workflow, "with space"); err != nil || out.Failure != "" {
		t.Errorf("delete: %+v, %v", out, err)
	}
	delete(want, "with space")
	got := reader.Secrets(w.workflow)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: read %q, want %q", name, got[name], value)
		}
	}
	if out, err := relay.List(t.Context(), w.workflow); err != nil || len(out.Names) != len(want) || len(got) != len(want) {
		t.Errorf("list: %+v, %v; read %d", out, err, len(got))
	}
}

func TestRelaysCommandLinePrintsTheNextStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	w.create(t, "owned", "first")
	as := func(token string) relaytest.CommandLine {
		return relaytest.CommandLine{Address: w.address, Token: token}
	}
	set := func(token, name string) (relaytest.Outcome, error) {
		return as(token).Set(t.Context(), w.workflow, name, "second")
	}
	remove := func(token, name string) (relaytest.Outcome, error) {
		return as(token).Delete(t.Context(), w.workflow, name)
	}
	for name, c := range map[string]struct {
		run    func() (relaytest.Outcome, error)
		status int
		text   string
	}{
		"logged out":        {func() (relaytest.Outcome, error) { return set("", "a") }, 401, "relay auth login --stdin"},
		"wrong token":       {func() (relaytest.Outcome, error) { return set("hvs.wrong", "a") }, 401, "relay auth login --stdin"},
		"another workflow":  {func() (relaytest.Outcome, error) { return as(w.token).List(t.Context(), "other") }, 403, `path "customers/metadata/workflows/other/" { capabilities = ["list"] }`},
		"viewer":            {func() (relaytest.Outcome, error) { return set(w.person(t, policy.Viewer), "a") }, 403, `capabilities = ["create", "update"]`},
		"no person":         {func() (relaytest.Outcome, error) { return set(w.vault.Writer(t), "a") }, 403, "vault login -method=userpass"},
		"another owner":     {func() (relaytest.Outcome, error) { return set(w.person(t, policy.Operator), "owned") }, 409, "owned by person/"},
		"another's removal": {func() (relaytest.Outcome, error) { return remove(w.person(t, policy.Operator), "owned") }, 409, "owned by person/"},
		"absent":            {func() (relaytest.Outcome, error) { return remove(w.token, "absent") }, 404, "not found"},
		"dots":              {func() (relaytest.Outcome, error) { return remove(w.token, "../../tokens/x") }, 404, "no operation"},
		"slash":             {func() (relaytest.Outcome, error) { return set(w.token, "a/b") }, 422, "`name`: secret name \"a/b\": it contains"},
		"template":          {func() (relaytest.Outcome, error) { return set(w.token, "{{#each x}}") }, 422, "it begins with"},
	} {
		out, err := c.run()
		if err != nil || out.Status != c.status || !strings.Contains(out.Failure, c.text) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}
