// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

func TestAnAuthenticDeliveryWakesItsSource(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Sources: []config.Source{{Name: "till"}, {Name: "shop", Webhook: gitLabHook(t)}}}
	c := New(cfg, "test")
	handler, err := c.OpenHooks()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"till", "shop"} {
		r := httptest.NewRequest("POST", "/webhook/"+source, strings.NewReader("{}"))
		r.Header.Set("X-Gitlab-Token", "a secret that is long enough")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	select {
	case <-c.wakes["shop"].signal:
	case <-time.After(10 * time.Second):
		t.Error("the source was not woken")
	}
	select {
	case <-c.wakes["till"].signal:
		t.Error("a source without a webhook was woken")
	default:
	}
}

// gitLabHook is the webhook of a source whose deliveries carry a token.
func gitLabHook(t *testing.T) *webhook.Config {
	t.Helper()
	return &webhook.Config{Provider: webhook.GitLab, SecretFile: write(t, t.TempDir(), "hook", "a secret that is long enough")}
}
