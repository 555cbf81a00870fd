// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Otherwise a token of a file ends all syncs one day, without notice.
func TestDaemonReportsWhenItsTokenExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	d := w.daemon()
	for _, ttl := range []time.Duration{2 * time.Hour, 5 * time.Hour} {
		_, created := w.vault.Call(t, w.vault.RootToken, http.MethodPost, "auth/token/create", map[string]any{"ttl": ttl.String(), "policies": []string{"writer"}})
		token := created["auth"].(map[string]any)["client_token"].(string)
		if err := os.WriteFile(w.cfg.Vault.TokenFile, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		want := float64(time.Now().Add(ttl).Unix())
		d.until("the metric follows the token in the file", func() bool {
			got := testutil.ToFloat64(d.metrics.tokenExpires)
			return got > want-60 && got < want+60
		})
		if got := testutil.ToFloat64(d.metrics.tokenLifetime); got != ttl.Seconds() {
			t.Errorf("lifetime %v, want %s", got, ttl)
		}
	}
}

// An agent renews a token when about a third of its lifetime is left, in Vault only.
func TestTokenLifetimeIsLookedUpAgainBeforeARenewedTokenSeemsToEnd(t *testing.T) {
	t.Parallel()
	for whole, want := range map[time.Duration]time.Duration{
		time.Minute: 10 * time.Second, time.Hour: 225 * time.Second, 24 * time.Hour: time.Hour, 768 * time.Hour: time.Hour,
	} {
		got := lifetimeInterval(whole)
		if got != want {
			t.Errorf("%s: %s, want %s", whole, got, want)
		}
		if left := whole*3/10 - got; whole >= time.Hour && endsSoon(left+5*time.Minute, whole) {
			t.Errorf("%s: an alert fires before the renewal is seen, with %s left", whole, left)
		}
	}
}

// TestTokenThatEndsSoonIsInTheLog: the metric need not be watched.
func TestTokenThatEndsSoonIsInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, created := w.vault.Call(t, w.vault.RootToken, http.MethodPost, "auth/token/create", map[string]any{"ttl": "1h", "policies": []string{"writer"}})
	token := created["auth"].(map[string]any)["client_token"].(string)
	if err := os.WriteFile(w.cfg.Vault.TokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func() string {
		var log bytes.Buffer
		New(w.cfg, "test").lookUpToken(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
		if strings.Contains(log.String(), token) {
			t.Errorf("the log has the token")
		}
		return log.String()
	}
	if log := look(); log != "" {
		t.Errorf("an hour before the end: %s", log)
	}
	w.vault.Call(t, token, http.MethodPost, "auth/token/renew-self", map[string]any{"increment": "10m"})
	if log := look(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "the token expires soon; replace it in the file, or renew it") || !strings.Contains(log, w.cfg.Vault.TokenFile) {
		t.Errorf("ten minutes before the end: %q", log)
	}
	if err := os.WriteFile(w.cfg.Vault.TokenFile, []byte(w.vault.Writer(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	if log := look(); log != "" {
		t.Errorf("after the advice: %q", log)
	}
}

func TestEndsSoon(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		left, whole time.Duration
		want        bool
	}{
		{8 * time.Hour, 32 * time.Hour, false},
		{7 * time.Hour, 32 * time.Hour, true},
		{-time.Hour, 32 * time.Hour, true},
		{20 * time.Minute, time.Hour, false}, // as an agent renews it
	} {
		if got := endsSoon(row.left, row.whole); got != row.want {
			t.Errorf("%s of %s: %t", row.left, row.whole, got)
		}
	}
}
