// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// TestMoreRightsOfARoleAreUsedByTheNextSync gives a role the missing capability: the
// token of a login keeps the policies that the role had then.
func TestMoreRightsOfARoleAreUsedByTheNextSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    one: %s\n", w.workflow(0), vaulttest.Canary(t)))
	w.commit()
	name := strings.ToLower(w.workflow(0))
	roleID, secretID := w.vault.AppRole(t, name, "1h")
	w.vault.WritePolicy(t, name, `path "customers/metadata/workflows/*" { capabilities = ["read", "list"] }`)
	grant := func(policy string) {
		if status, _ := w.vault.Call(t, w.vault.RootToken, "POST", "auth/approle/role/"+name, map[string]any{"token_policies": policy}); status != 204 {
			t.Fatalf("status %d", status)
		}
	}
	grant(name)
	w.cfg.Vault.TokenFile = ""
	w.cfg.Vault.Login = config.Login{AppRole: &config.AppRoleLogin{RoleID: roleID, SecretIDFile: write(t, t.TempDir(), "secret-id", secretID)}}
	c := New(w.cfg, "test")
	synced := func() error {
		t.Helper()
		reports, err := c.Sync(t.Context(), Request{Apply: true})
		if err != nil || len(reports) != 1 || reports[0].Err != nil || len(reports[0].Results) != 1 {
			t.Fatalf("%+v, %v", reports, err)
		}
		return reports[0].Results[0].Err
	}
	if err := synced(); !errors.Is(err, secrets.ErrMissingCapability) {
		t.Fatalf("without the capability: %v", err)
	}
	grant("writer")
	if err := synced(); err != nil {
		t.Errorf("with the capability: %v", err)
	}
}

// A viewer's rules in place of the writer's would end all writes. What the command prints
// is added to the policy here, and suffices.
func TestMissingCapabilityNamesTheRoleOfTheCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.one()
	defer w.token(w.vault.WriterWithout(t, "metadata", "list"))()
	for want, request := range map[string]Request{
		"writer": {Apply: true}, "viewer": {Keyless: true},
	} {
		reports, err := New(w.cfg, "test").Sync(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(reports[0].Problems(), "\n")
		command := "other rules there must stay. To print all rules for this workflow:\n  relay-sync policy " + want + " --workflow " + w.workflow(0)
		if !strings.Contains(text, command) {
			t.Errorf("%s: %s", want, text)
		}
	}
	w.cfg.Sources[0].Connections, w.cfg.Vault.Domain = []string{"slack/team"}, "acme"
	defer w.token(w.vault.Writer(t))()
	reports, err := New(w.cfg, "test").Sync(t.Context(), Request{Apply: true})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(reports[0].Problems(), "\n")
	if !strings.Contains(text, "for every workflow unless you add --workflow:\n  relay-sync policy writer --connections-domain acme") {
		t.Errorf("a connection: %s", text)
	}
}

func TestMistypedMountIsNotTakenForAMissingPolicyAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.one()
	const hint = "If this is the wrong path, correct mount and prefix (of relay-sync: vault.mount, vault.prefix)"
	problems := func() string {
		reports, err := New(w.cfg, "test").Sync(t.Context(), Request{Apply: true})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(reports[0].Problems(), "\n")
	}
	w.cfg.Vault.Prefix = "workflow"
	if text := problems(); !strings.Contains(text, hint) {
		t.Errorf("a mistyped prefix: %s", text)
	}
	w.cfg.Vault.Prefix, w.cfg.Vault.Mount = "workflows", "customer"
	if text := problems(); !strings.Contains(text, hint) {
		t.Errorf("a mistyped mount: %s", text)
	}
	w.cfg.Vault.Mount = "customers"
	defer w.token(w.vault.WriterWithout(t, "metadata", "patch"))()
	if text := problems(); !strings.Contains(text, "missing capability") || strings.Contains(text, hint) {
		t.Errorf("the right path: %s", text)
	}
}
