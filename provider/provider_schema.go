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
	otherwise := defaultTexts()
	return schema.Schema{
		MarkdownDescription: "Writes workflow secrets into HashiCorp Vault or OpenBao without ever reading one back.",
		Attributes: map[string]schema.Attribute{
			"address":   optionalText("URL of Vault, such as `https://vault.example.com:8200`." + otherwise["address"]),
			"namespace": optionalText("Namespace of Vault Enterprise or OpenBao." + otherwise["namespace"]),
			"mount":     optionalText("Mount of the KV version 2 secrets engine." + otherwise["mount"]),
			"prefix":    optionalText("Path below the mount that holds one folder per workflow." + otherwise["prefix"]),
			"domain": optionalText("Whose connections `relay_connection` manages: the folder below `connections/` in the mount, in Relay the " +
				"account. Required for `relay_connection`."),
			"owner": optionalText("Who this configuration is, 1 to 48 of `a-z`, `0-9`, `.`, `_`, `-`. Required here or as " +
				"`RELAY_OWNER`. The provider notes in each secret's metadata that `terraform/<owner>` wrote it, and writes or " +
				"deletes nothing that another owner holds. So each configuration (each state, each workspace) needs an " +
				"id of its own, and keeps it: a new id is a new owner, to whom nothing belongs."),
			"settle": optionalText("How long one write may take until its record stands, as a duration. A record that Vault " +
				"does not take is retried for this long, and a value that somebody else wrote is repaired only when it is older " +
				"than this, because its record may be on its way. Everybody who writes to the same Vault should have the same." + otherwise["settle"]),
			"token": sensitiveText("Vault token, given: it is never revoked, and there is no child token. For a login, see `auth`. Its " +
				"policy needs no `read` on values; give it none. Default: `VAULT_TOKEN`, else `~/.vault-token`, where `vault login` leaves it."),
			"auth": authSchema(),
			"require_write_only": optionalText("What to do about a token that could read the values that it writes, such as a root token: " +
				"`warn`, `error` (nothing is written, also where Vault will not tell) or `off`. Vault is asked once per " +
				"workflow, of the first secret there (`sys/capabilities-self`)." + otherwise["require_write_only"]),
			"ca_cert_file":     optionalText("PEM file with the authorities to trust in place of the system's." + otherwise["ca_cert_file"]),
			"ca_cert_pem":      optionalText("The same as PEM text, where there is no file. Conflicts with `ca_cert_file`." + otherwise["ca_cert_pem"]),
			"client_cert_file": optionalText("PEM file with a client certificate for mutual TLS and for `auth.cert`." + otherwise["client_cert_file"]),
			"client_key_file":  optionalText("PEM file with the key of the client certificate." + otherwise["client_key_file"]),
			"tls_server_name":  optionalText("Name that Vault's certificate has to be for, if it is not the host of `address`." + otherwise["tls_server_name"]),
			"redirect_hosts": schema.ListAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Hosts to which a redirect of Vault is followed, with the token, such as `vault-1.example.com:8200`: " +
					"those to which a standby redirects. Each has its port, unless that is the scheme's own. Any other redirect is an error.",
				Validators: []validator.List{listvalidator.NoNullValues()},
			},
			"headers": schema.MapAttribute{
				Optional:    true,
				Sensitive:   true,
				ElementType: types.StringType,
				MarkdownDescription: "HTTP headers for every request, for what stands in front of Vault. Vault's own, `X-Vault-…`, " +
					"are refused. The variable holds a JSON object." + otherwise["headers"],
				Validators: []validator.Map{mapvalidator.NoNullValues()},
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How often a request is repeated after a 5xx, a 429 or a broken connection, 0 to 100. A " +
					"write of a value is repeated only after a 429, which Vault answers before it does anything; a lost " +
					"answer to one is looked into instead." + otherwise["max_retries"],
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many requests may be under way at once, 1 to 1000. Terraform's own `-parallelism` (10) " +
					"bounds resources that hold one secret." + otherwise["max_concurrent_requests"],
			},
			"defaults":        defaultsAttribute(),
			"fingerprint_key": fingerprintKeyAttribute(),
		},
	}
}

// defaultTexts say, for each attribute, what stands in where it is not set.
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

// authSchema describes the ways to get a token.
func authSchema() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to get a Vault token, in place of `token`: exactly one of these. A login happens once, at the first " +
			"request, for all resources; its token is renewed or replaced while it is needed, and revoked at the end. Values " +
			"may be ephemeral, and may be known only during the apply.",
		Attributes: map[string]schema.Attribute{
			"token": sensitiveText("Vault token, as `token` of the provider."),
			"token_file": optionalText("File that holds nothing but a Vault token, such as that of Vault Agent. It is read again when " +
				"Vault no longer takes the token."),
			"approle": loginSchema("AppRole.", map[string]schema.Attribute{
				"role_id":        requiredText("Id of the role."),
				"secret_id":      sensitiveText("Secret id, unless the role needs none."),
				"secret_id_file": optionalText("File with the secret id, read at each login. Conflicts with `secret_id`."),
				"mount":          mountText("approle"),
			}),
			"jwt": loginSchema("A JWT of an identity provider, such as HCP Terraform's workload identity. Exactly one of `token`, "+
				"`token_file` and `token_env`.", map[string]schema.Attribute{
				"role":       optionalText("Role to log in with. Default: the mount's default role."),
				"token":      sensitiveText("The JWT."),
				"token_file": optionalText("File with the JWT, read at each login."),
				"token_env": optionalText("Name of the environment variable that holds the JWT, such as `TFC_WORKLOAD_IDENTITY_TOKEN` or " +
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
				"name":  optionalText("Certificate role to log in with. Default: Vault finds one that fits."),
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
