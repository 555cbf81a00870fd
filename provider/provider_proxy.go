// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// proxySetting is the proxy for requests to Vault.
type proxySetting struct {
	url string
	// except lists hosts to reach without the proxy.
	except string
	// variable is the environment variable that names the proxy.
	variable string
}

// proxy returns the proxy for an address: that of the attribute, else of the environment.
func (r *resolver) proxy(address string) proxySetting {
	url := parsed(r, "proxy", parseProxy)
	if r.origins["proxy"].set() || slices.Contains(r.unknownSettings, "proxy") {
		return proxySetting{url: url}
	}
	return r.env.proxy(address)
}

// parseProxy refuses credentials, which plans would show. VAULT_PROXY_ADDR can have them.
func parseProxy(text string) (string, error) {
	if err := httpclient.CheckProxy(text); err != nil {
		return "", err
	}
	return text, nil
}

// proxy returns the proxy for an address: from Vault's variables for any address, else
// from HTTPS_PROXY for an https:// address. Only this function reads these variables.
func (e environment) proxy(address string) proxySetting {
	except := cmp.Or(e.get("NO_PROXY"), e.get("no_proxy"))
	for _, variable := range []string{"VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"} {
		if url := e.get(variable); url != "" {
			return proxySetting{url, except, variable}
		}
	}
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
		url := e.get(variable)
		if url == "" || !strings.HasPrefix(strings.ToLower(address), "https://") {
			continue
		}
		if !strings.Contains(url, "://") {
			url = "http://" + url // as in other programs
		}
		// By convention, HTTPS_PROXY does not apply to this machine.
		return proxySetting{url, cmp.Or(except, "localhost"), variable}
	}
	return proxySetting{}
}
