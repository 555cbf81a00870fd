// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// settingOrigin is where a setting comes from, in order of precedence: the attribute,
// the environment variable, the default.
type settingOrigin struct {
	attribute string
	value     attr.Value
	variable  string
	fallback  string
}

// settingOrigins returns all settings that are a string, a number, a bool, a list or a map, in
// the order of the documentation. The variables are those of Vault's command line.
func (m providerModel) settingOrigins() []settingOrigin {
	return []settingOrigin{
		{"address", m.Address, "VAULT_ADDR", ""},
		{"namespace", m.Namespace, "VAULT_NAMESPACE", ""},
		{"token", m.Token, "VAULT_TOKEN", ""},
		{"owner", m.Owner, "RELAY_OWNER", ""},
		{"mount", m.Mount, "", secrets.DefaultMount},
		{"prefix", m.Prefix, "", secrets.DefaultPrefix},
		{"domain", m.Domain, "", ""},
		{"settle", m.Settle, "", secrets.DefaultSettle.String()},
		{"require_write_only", m.RequireWriteOnly, "", "warn"},
		{"encoding", m.Encoding, "", string(secrets.RelayEncoding)},
		{"ca_cert_file", m.CACertFile, "VAULT_CACERT", ""},
		{"ca_cert_pem", m.CACertPEM, "VAULT_CACERT_BYTES", ""},
		{"client_cert_file", m.ClientCertFile, "VAULT_CLIENT_CERT", ""},
		{"client_key_file", m.ClientKeyFile, "VAULT_CLIENT_KEY", ""},
		{"tls_server_name", m.TLSServerName, "VAULT_TLS_SERVER_NAME", ""},
		{"redirect_hosts", m.RedirectHosts, "", ""},
		{"allow_http", m.AllowHTTP, "", "false"},
		{"proxy", m.Proxy, "", ""},
		{"headers", m.Headers, "VAULT_HEADERS", ""},
		{"max_retries", m.MaxRetries, "VAULT_MAX_RETRIES", strconv.Itoa(vaultclient.DefaultMaxRetries)},
		{"max_concurrent_requests", m.MaxConcurrentRequests, "", strconv.Itoa(vaultclient.DefaultConcurrency)},
	}
}

// set reports whether the block sets the attribute. An empty string counts as not set,
// so that a Terraform variable with an empty default works.
func (s settingOrigin) set() bool { return textOf(s.value) != "" }

// in returns the setting as a string; empty while it is not known.
func (s settingOrigin) in(env environment) string {
	switch {
	case !isKnown(s.value):
		return ""
	case s.set():
		return textOf(s.value)
	case s.variable != "" && env.get(s.variable) != "":
		return env.get(s.variable)
	}
	return s.fallback
}

// textOf returns a string, number or bool as text, and a map as a JSON object; empty for null
// and unknown values.
func textOf(value attr.Value) string {
	if value == nil || value.IsNull() || !isKnown(value) {
		return ""
	}
	switch v := value.(type) {
	case types.String:
		return v.ValueString()
	case types.Bool:
		return strconv.FormatBool(v.ValueBool())
	case types.Int64:
		return strconv.FormatInt(v.ValueInt64(), 10)
	case types.List:
		return strings.Join(textsOf(v), ", ")
	case types.Map:
		texts := map[string]string{}
		for key, element := range v.Elements() {
			texts[key] = textOf(element)
		}
		data, err := json.Marshal(texts)
		if err != nil {
			return "" // cannot happen for a map of strings
		}
		return string(data)
	}
	return ""
}

// textsOf returns the known elements of a list of texts.
func textsOf(list types.List) []string {
	var out []string
	for _, element := range list.Elements() {
		if text := textOf(element); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// isKnown reports whether a value and all its elements are known.
func isKnown(value attr.Value) bool {
	if value.IsUnknown() {
		return false
	}
	var within []attr.Value
	switch v := value.(type) {
	case types.Map:
		within = slices.Collect(maps.Values(v.Elements()))
	case types.List:
		within = v.Elements()
	case types.Object:
		within = slices.Collect(maps.Values(v.Attributes()))
	}
	return !slices.ContainsFunc(within, func(v attr.Value) bool { return !isKnown(v) })
}
