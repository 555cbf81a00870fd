// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func providerSchema() schema.Schema {
	defaults := defaultTexts()
	return schema.Schema{
		MarkdownDescription: "Manages workflow secrets in HashiCorp Vault or OpenBao. It writes values and never reads them back.",
		Attributes: map[string]schema.Attribute{
			"address":   optionalText("URL of Vault, such as `https://vault.example.com:8200`." + defaults["address"]),
			"namespace": optionalText("Namespace of Vault Enterprise or OpenBao." + defaults["namespace"]),
			"mount":     optionalText("Mount of the KV version 2 secrets engine." + defaults["mount"]),
			"prefix": optionalText("Path below the mount that contains one folder per workflow. `relay-sync` and `connections`, " +
				"and paths below them, are reserved." + defaults["prefix"]),
			"domain": optionalText("Domain of the connections that `relay_connection` manages: the folder below `connections/` in the mount, in Relay the " +
				"account. Required for `relay_connection`."),
			"owner": optionalText("Id of this configuration: 1 to 48 of `a-z`, `0-9`, `.`, `_`, `-`. Required here or as " +
				"`RELAY_OWNER`. The provider records in each secret's metadata that `terraform/<owner>` wrote it, and neither writes nor " +
				"deletes secrets of another owner. Give each configuration (each state, each workspace) its own " +
				"id, and do not change it: a new id is a new owner, which owns no secrets."),
			"settle": optionalText("Longest time between a write and its record, as a duration. The provider retries to write " +
				"a record for this long. It repairs a value of another writer only when the value is older " +
				"than this, because its record may still follow. Use the same duration for all writers to the same Vault." + defaults["settle"]),
			"token": sensitiveText("Vault token. The provider neither revokes it nor creates a child token. For a login, see `auth`. The " +
				"policy of the token needs no `read` on values; do not grant it. Default: `VAULT_TOKEN`, else `~/.vault-token`, where `vault login` stores a token."),
			"auth": authSchema(),
			"require_write_only": optionalText("What to do if the token can read the values that it writes, as a root token can: " +
				"`warn`, `error` (write nothing, also if Vault does not report the capabilities) or `off`. The provider checks once per " +
				"workflow, for its first secret (`sys/capabilities-self`)." + defaults["require_write_only"]),
			"encoding": optionalText("What to do with a value that is not UTF-8, contains a NUL byte, or begins with `base64:`: `relay` writes it as " +
				"`base64:` and the value in base64, which only Relay's readers decode; `refuse` makes it an error, in the plan where the value is known, " +
				"for readers that are not Relay's. Terraform's strings are UTF-8 without NUL bytes." + defaults["encoding"]),
			"ca_cert_file":     optionalText("PEM file with CA certificates that replace those of the system." + defaults["ca_cert_file"]),
			"ca_cert_pem":      optionalText("CA certificates as PEM text. Conflicts with `ca_cert_file`." + defaults["ca_cert_pem"]),
			"client_cert_file": optionalText("PEM file with a client certificate for mutual TLS and for `auth.cert`." + defaults["client_cert_file"]),
			"client_key_file":  optionalText("PEM file with the key of the client certificate." + defaults["client_key_file"]),
			"tls_server_name":  optionalText("Server name in Vault's certificate, if it is not the host of `address`." + defaults["tls_server_name"]),
			"proxy": optionalText("URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy for all requests to Vault. `NO_PROXY` has no effect on it. " +
				"Default: `VAULT_PROXY_ADDR` or `VAULT_HTTP_PROXY`, else `HTTPS_PROXY` for an `https://` address."),
			"redirect_hosts": schema.ListAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Hosts to which the provider follows redirects of Vault, with the token, such as `vault-1.example.com:8200`. " +
					"A standby node redirects to the active node. Add the port, unless it is the default port of the scheme. Any other redirect is an error.",
				Validators: []validator.List{listvalidator.NoNullValues()},
			},
			"allow_http": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Allow an `address` with `http://` that is not of the machine that runs the provider, also from `VAULT_ADDR`. Others on " +
					"the network can then read the token and all values." + defaults["allow_http"],
			},
			"headers": schema.MapAttribute{
				Optional:    true,
				Sensitive:   true,
				ElementType: types.StringType,
				MarkdownDescription: "HTTP headers for every request, for example for a proxy in front of Vault. Vault's own headers, `X-Vault-…`, " +
					"are not allowed. The variable contains a JSON object." + defaults["headers"],
				Validators: []validator.Map{mapvalidator.NoNullValues()},
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How often a request is retried after a 5xx, a 429 or a connection error, 0 to 100. A " +
					"write of a value is retried only after a 429, which means that Vault has not processed it; after a lost " +
					"answer, the provider checks in the metadata whether the write happened." + defaults["max_retries"],
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Largest number of parallel requests, 1 to 1000. Terraform's `-parallelism` (10) " +
					"also limits resources with one secret." + defaults["max_concurrent_requests"],
			},
			"defaults":         defaultsAttribute(),
			"fingerprint_key":  fingerprintKeyAttribute(),
			"accept_new_mount": acceptNewMountAttribute(),
		},
	}
}

// defaultTexts describes the default of each attribute.
func defaultTexts() map[string]string {
	out := map[string]string{}
	for _, s := range (providerModel{}).settingOrigins() {
		switch {
		case s.variable != "" && s.fallback != "":
			out[s.attribute] = fmt.Sprintf(" Default: `%s`, else `%s`.", s.variable, s.fallback)
		case s.variable+s.fallback != "":
			out[s.attribute] = fmt.Sprintf(" Default: `%s`.", s.variable+s.fallback)
		}
	}
	return out
}

func optionalText(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description}
}

func sensitiveText(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
}

func requiredText(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description}
}

// authSchema describes the methods to get a token.
func authSchema() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to get a Vault token, instead of `token`: exactly one of these. The provider logs in once, at the first " +
			"request, for all resources; it renews or replaces the token while it needs it, and revokes it at the end. Values " +
			"can be ephemeral, and can be known only during the apply.",
		Attributes: map[string]schema.Attribute{
			"token": sensitiveText("Vault token, like `token` of the provider."),
			"token_file": optionalText("File that contains only a Vault token, such as the sink file of Vault Agent. The provider reads it again when " +
				"Vault rejects the token."),
			"approle": loginSchema("AppRole.", map[string]schema.Attribute{
				"role_id":        requiredText("Id of the role."),
				"secret_id":      sensitiveText("Secret id, if the role requires one."),
				"secret_id_file": optionalText("File with the secret id, read at each login. Conflicts with `secret_id`."),
				"mount":          mountText("approle"),
			}),
			"jwt": loginSchema("A JWT of an identity provider, such as HCP Terraform's workload identity. Exactly one of `token`, "+
				"`token_file` and `token_env`.", map[string]schema.Attribute{
				"role":       optionalText("Role to log in with. Default: the mount's default role."),
				"token":      sensitiveText("The JWT."),
				"token_file": optionalText("File with the JWT, read at each login."),
				"token_env": optionalText("Name of the environment variable that contains the JWT, such as `TFC_WORKLOAD_IDENTITY_TOKEN` or " +
					"`TFC_WORKLOAD_IDENTITY_TOKEN_RELAY`."),
				"mount": mountText("jwt"),
			}),
			"kubernetes": loginSchema("The service account of a pod.", map[string]schema.Attribute{
				"role": requiredText("Role to log in with."),
				"token_file": optionalText("File with the service account's token, read at each login. Default: " +
					"`/var/run/secrets/kubernetes.io/serviceaccount/token`."),
				"mount": mountText("kubernetes"),
			}),
			"userpass": loginSchema("User name and password.", map[string]schema.Attribute{
				"username": requiredText("User name."),
				"password": schema.StringAttribute{Required: true, Sensitive: true, MarkdownDescription: "Password."},
				"mount":    mountText("userpass"),
			}),
			"cert": loginSchema("The client certificate of `client_cert_file` and `client_key_file`. `cert = {}` is enough.", map[string]schema.Attribute{
				"name":  optionalText("Certificate role to log in with. Default: Vault selects a role that matches."),
				"mount": mountText("cert"),
			}),
		},
	}
}

func loginSchema(description string, attributes map[string]schema.Attribute) schema.Attribute {
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: description, Attributes: attributes}
}

func mountText(method string) schema.StringAttribute {
	return optionalText("Mount of the auth method. Default: `" + method + "`.")
}
