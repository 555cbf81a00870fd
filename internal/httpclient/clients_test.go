// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
)

// TestEveryClientIgnoresTheProxyOfTheEnvironment is not parallel: it sets the
// environment. The hosts do not exist, so each request fails, and must do so without
// reaching the proxy.
func TestEveryClientIgnoresTheProxyOfTheEnvironment(t *testing.T) {
	proxy, proxied := serveProxied(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	retries := 0
	token := writeFile(t, "token-of-this-test")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, request := range map[string]func() error{
		"git": func() error {
			remote := gitmirror.Remote{Scheme: "https", Host: "git.invalid", Path: "/shop.git"}
			_, err := gitmirror.New(gitmirror.Config{Remote: remote, Ref: "refs/heads/main", Folder: filepath.Join(t.TempDir(), "mirror")}).Update(ctx)
			return err
		},
		"vault": func() error {
			client, err := vault.New(vault.Settings{Address: "https://vault.invalid", Token: "token", MaxRetries: &retries})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.ReadMetadata(ctx, kv.Entry{Mount: "customers", Path: "x"})
			return err
		},
		"key service": func() error {
			const server = "https://transit.invalid"
			services, err := keyring.New(keyring.Config{VaultTransit: []keyring.VaultTransit{{Address: server, Keys: []string{"shop"}, TokenFile: token}}})
			if err != nil {
				t.Fatal(err)
			}
			keys, err := services.Load()
			if err != nil {
				t.Fatal(err)
			}
			_, err = keys.Open(ctx, keyring.Wrapped{Kind: keyring.Transit, ID: keyring.TransitID(server, "transit", "shop"), Text: []byte("vault:v1:eA==")})
			return err
		},
		"notification": func() error { return sendNotification(ctx, t, token) },
	} {
		if err := request(); err == nil {
			t.Errorf("%s: the request succeeded", name)
		}
		if host := proxied(); host != "" {
			t.Errorf("%s: the proxy of the environment was asked for %s", name, host)
		}
	}
}

// sendNotification returns what the notifier logs about its first attempt.
func sendNotification(ctx context.Context, t *testing.T, secret string) error {
	t.Helper()
	notifier, err := notify.New(map[string][]notify.Config{
		"shop": {{Webhook: &notify.Webhook{URL: "https://hooks.invalid/x", SecretFile: secret}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	logged := make(firstLine, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		notifier.Run(ctx, slog.New(slog.NewTextHandler(logged, nil)), "shop")
	}()
	notifier.Send(notify.Event{Source: "shop", Commit: "c0ffee"})
	line := <-logged
	cancel()
	<-stopped
	return errors.New(line)
}

// firstLine keeps the first line of a log.
type firstLine chan string

func (l firstLine) Write(line []byte) (int, error) {
	select {
	case l <- string(line):
	default:
	}
	return len(line), nil
}
