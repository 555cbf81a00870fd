// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"strings"
)

// proxySetting is the proxy for requests to Vault.
type proxySetting struct {
	url string
	// except lists hosts to reach without the proxy.
	except string
	// variable is the environment variable that names the proxy.
	variable string
}

// proxy reads the proxy variables: Vault's own, for any address, else HTTPS_PROXY,
// for an https:// address. This is the only place that reads them.
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
			url = "http://" + url // as other programs read it
		}
		// By convention, HTTPS_PROXY is never used for this machine itself.
		return proxySetting{url, cmp.Or(except, "localhost"), variable}
	}
	return proxySetting{}
}
