// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/proxytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring/keyringtest"
)

// everyProxy sets the proxy of all key services. With ambient, their credentials are
// those of a workload, which it sets in the environment.
func everyProxy(t *testing.T, cfg *Config, url, proxy string, ambient bool) {
	t.Helper()
	cfg.AWSKMS.Proxy, cfg.GCPKMS.Proxy, cfg.AzureKeyVault.Proxy, cfg.VaultTransit[0].Proxy = proxy, proxy, proxy, proxy
	if !ambient {
		return
	}
	for name, value := range map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/credentials", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
		"GOOGLE_APPLICATION_CREDENTIALS": cfg.GCPKMS.CredentialsFile,
		"AZURE_TENANT_ID":                "tenant", "AZURE_CLIENT_ID": "client", "AZURE_FEDERATED_TOKEN_FILE": writeFile(t, "workload", "token"),
	} {
		t.Setenv(name, value)
	}
	cfg.AWSKMS.CredentialsFile, cfg.AWSKMS.Ambient = "", true
	cfg.GCPKMS.CredentialsFile, cfg.GCPKMS.Ambient = "", true
	cfg.AzureKeyVault.TenantID, cfg.AzureKeyVault.ClientID, cfg.AzureKeyVault.ClientSecretFile, cfg.AzureKeyVault.Ambient = "", "", "", true
}

// TestKeyServicesUseTheirProxyAndNoneOfTheEnvironment is not parallel: it sets the
// environment. The requests for credentials and for keys go the same way.
func TestKeyServicesUseTheirProxyAndNoneOfTheEnvironment(t *testing.T) {
	foreign := proxytest.Start(t, "")
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy", "VAULT_PROXY_ADDR"} {
		t.Setenv(name, foreign.URL)
	}
	key := []byte(rand.Text() + rand.Text())[:32]
	for _, row := range []struct {
		name, host       string
		ambient, proxied bool
		within           time.Duration
	}{
		{"no proxy", "keys.invalid", false, false, time.Second},
		{"no proxy, identity of the workload", "keys.invalid", true, false, time.Second},
		{"proxy", "example.com", false, true, time.Minute}, // a name in the certificate
		{"proxy, identity of the workload", "example.com", true, true, time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := keyringtest.Start(t)
			proxy := proxytest.Start(t, strings.TrimPrefix(server.URL, "https://"))
			server.URL = "https://" + row.host
			cfg, entries := everyRemote(t, server, key)
			configured := ""
			if row.proxied {
				configured = proxy.URL
			}
			everyProxy(t, &cfg, server.URL, configured, row.ambient)
			if problems := cfg.Problems(); len(problems) > 0 {
				t.Fatal(problems)
			}
			keys := mustLoad(t, cfg)
			for kind, entry := range entries {
				ctx, cancel := context.WithTimeout(t.Context(), row.within)
				opened, err := keys.Open(ctx, entry)
				cancel()
				asked := proxy.Asked()
				if row.proxied && (err != nil || !bytes.Equal(opened, key)) || !row.proxied && err == nil {
					t.Errorf("%s: %v", kind, err)
				}
				if row.proxied && !slices.Equal(slices.Compact(asked), []string{"CONNECT example.com:443"}) || !row.proxied && len(asked) > 0 {
					t.Errorf("%s: the proxy was asked for %q", kind, asked)
				}
				if asked := foreign.Asked(); len(asked) > 0 {
					t.Errorf("%s: the proxy of the environment was asked for %q", kind, asked)
				}
			}
		})
	}
}

// TestMetadataServicesAreReachedWithoutTheProxy sends nothing: a machine of a cloud has
// such a service.
func TestMetadataServicesAreReachedWithoutTheProxy(t *testing.T) {
	t.Parallel()
	client, err := newHTTPClient("", false, "http://proxy.invalid:3128")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"169.254.169.254": "169.254.169.254:80", "169.254.170.2": "169.254.170.2:80", "169.254.170.23": "169.254.170.23:80",
		"[fd00:ec2::254]": "[fd00:ec2::254]:80", "[fd00:ec2::23]": "[fd00:ec2::23]:80", "[fd20:ce::254]": "[fd20:ce::254]:80",
		"metadata.google.internal": "metadata.google.internal:80", "localhost:40342": "localhost:40342",
		"sts.amazonaws.com": "proxy.invalid:3128", "[fd00:ec3::254]": "proxy.invalid:3128",
	} {
		var connects string
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GetConn: func(address string) {
			connects = address
			runtime.Goexit() // before the connection is made
		}})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host, nil)
			if err == nil {
				_, err = client.Do(request) //nolint:bodyclose // no response
			}
			t.Errorf("%s: %v", host, err)
		}()
		<-ended
		if connects != want {
			t.Errorf("%s: connects to %s, want %s", host, connects, want)
		}
	}
}

// Not parallel: it sets the environment.
func TestCABundleOfTheEnvironmentIsNamed(t *testing.T) {
	server := keyringtest.Start(t)
	cfg, entries := everyRemote(t, server, make([]byte, 32))
	everyProxy(t, &cfg, server.URL, "", true)
	t.Setenv("AWS_CA_BUNDLE", server.CACert)
	if _, err := mustLoad(t, cfg).Open(t.Context(), entries[AWS]); err == nil || !strings.Contains(err.Error(), "AWS_CA_BUNDLE is set in the environment; set ca_cert, and unset the variable") {
		t.Errorf("got %v", err)
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	cfg.AWSKMS.CACert = server.CACert
	if _, err := mustLoad(t, cfg).Open(t.Context(), entries[AWS]); err != nil {
		t.Errorf("after the advice: %v", err)
	}
}
