// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// TestDaemonTidiesWithALoginOfItsOwn: the token of the controller must not remove metadata. The
// name was marked by another tidy, ten minutes ago.
func TestDaemonTidiesWithALoginOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.ownPrefix()
	w.two()
	w.secretsIn("two.yaml", w.workflow(0))
	w.applied()
	two := "customers/metadata/" + w.cfg.Vault.Prefix + "/" + w.workflow(0) + "/two"
	mark := "version=1 time=" + time.Now().Add(2*time.Second).UTC().Format(time.RFC3339)
	w.vault.Call(t, w.vault.RootToken, http.MethodPatch, two, map[string]any{"custom_metadata": map[string]string{"relay.tidy": mark}})
	w.proxy.Skew(secrets.TidyPause + time.Minute)
	path := filepath.Join(t.TempDir(), "audit")
	audit, err := OpenAudit(path, "test", auditfile.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	d := w.daemonWith(func(c *Controller) { c.Audit = audit })
	d.until("the name is removed", func() bool { return testutil.ToFloat64(d.metrics.tidied) == 1 })
	d.stop()
	if status, _ := w.vault.Call(t, w.vault.RootToken, http.MethodGet, two, nil); status != http.StatusNotFound {
		t.Errorf("the name is still there: status %d", status)
	}
	if status, _ := w.vault.Call(t, w.vault.RootToken, http.MethodGet, strings.TrimSuffix(two, "two")+"one", nil); status != http.StatusOK {
		t.Errorf("a live secret is gone: status %d", status)
	}
	lines, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(lines), `"action":"tidy"`) || !strings.Contains(string(lines), `"owner":"gitops/`) {
		t.Errorf("the audit file (%v):\n%s", err, lines)
	}
}

// ownPrefix gives the world a prefix of its own, because a tidy looks at all workflows,
// and the daemon a tidy with a login of its own.
func (w *world) ownPrefix() {
	w.t.Helper()
	w.cfg.Vault.Prefix = strings.ToLower(w.workflow(0))
	rules := func(role policy.Role) string {
		text, err := policy.For(policy.Grant{Role: role, Mount: "customers", Prefix: w.cfg.Vault.Prefix})
		if err != nil {
			w.t.Fatal(err)
		}
		return text
	}
	w.token(w.vault.Token(w.t, rules(policy.Writer)))
	name := "tidy-" + w.cfg.Vault.Prefix
	w.vault.WritePolicy(w.t, name, rules(policy.Tidy))
	role := "auth/approle/role/" + name
	w.vault.Call(w.t, w.vault.RootToken, http.MethodPost, role, map[string]any{"token_policies": name})
	_, id := w.vault.Call(w.t, w.vault.RootToken, http.MethodGet, role+"/role-id", nil)
	_, secret := w.vault.Call(w.t, w.vault.RootToken, http.MethodPost, role+"/secret-id", map[string]any{})
	w.cfg.Tidy = &config.Tidy{Login: config.Login{AppRole: &config.AppRoleLogin{
		RoleID:       id["data"].(map[string]any)["role_id"].(string),
		SecretIDFile: write(w.t, w.t.TempDir(), "secret-id", secret["data"].(map[string]any)["secret_id"].(string)),
	}}}
}
