// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestStandbyRedirectToListedHostIsFollowed has a standby that does not forward
// requests but redirects clients to the active node.
func TestStandbyRedirectToListedHostIsFollowed(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, v.Address+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}))
	t.Cleanup(standby.Close)
	c := connect(t, Settings{Address: standby.URL, Token: v.Writer(t), RedirectHosts: []string{strings.TrimPrefix(v.Address, "http://")}})
	ctx, e := context.Background(), kv.Entry{Mount: "customers", Path: "workflows/" + vaulttest.Workflow(t) + "/token"}
	if written, err := c.WriteData(ctx, e, "value", 0); err != nil || written.Version != 1 {
		t.Fatalf("writing: %+v, %v", written, err)
	}
	if err := c.PatchMetadata(ctx, e, map[string]any{"custom_metadata": map[string]any{"who": "me"}}); err != nil {
		t.Fatal(err)
	}
	if m, err := c.ReadMetadata(ctx, e); err != nil || m.CustomMetadata["who"] != "me" {
		t.Errorf("reading: %+v, %v", m, err)
	}
}

// The address is of this machine, such as a Vault agent; the listed host is not.
func TestRedirectToAnotherMachineWithoutTLSIsNotFollowed(t *testing.T) {
	t.Parallel()
	agent := httptest.NewServer(http.RedirectHandler("http://vault-1.invalid:8200/v1/x", http.StatusTemporaryRedirect))
	t.Cleanup(agent.Close)
	settings := Settings{Address: agent.URL, RedirectHosts: []string{"vault-1.invalid:8200"}}
	if _, err := connect(t, settings).ReadMetadata(t.Context(), entry); err == nil || !strings.Contains(err.Error(), "must be https") {
		t.Errorf("got %v", err)
	}
	settings.AllowHTTP = true
	if _, err := connect(t, settings).ReadMetadata(t.Context(), entry); !errors.Is(err, kv.ErrHostNotFound) {
		t.Errorf("allowed: got %v", err)
	}
}

func TestRedirectToAnotherHostIsNotFollowed(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the token went to another host")
	}))
	t.Cleanup(elsewhere.Close)
	standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, elsewhere.URL+r.URL.Path+"?token=hunter2", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(standby.Close)
	_, err := connect(t, Settings{Address: standby.URL, RedirectHosts: []string{"vault-1.example.com:8200"}}).
		WriteData(context.Background(), entry, "x", 0)
	failed, ok := errors.AsType[*kv.Error](err)
	if !ok || failed.OutcomeUnknown() || failed.Temporary() || failed.Status != http.StatusTemporaryRedirect {
		t.Fatalf("got %v", err)
	}
	host := strings.TrimPrefix(elsewhere.URL, "http://")
	if text := err.Error(); !strings.Contains(text, host) || !strings.Contains(text, "redirect_hosts") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if _, err := connect(t, Settings{Address: standby.URL}).ReadMetadata(context.Background(), entry); err == nil || requests.Load() != 2 {
		t.Errorf("a read without a list: %d requests, %v", requests.Load(), err)
	}
}
