// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command relay-reader reads secrets and connections from Vault with Relay's own code,
// the Vault managers of relay-core. Tests ask it what a step of a workflow would find
// of what this project writes. It is a module of its own: relay-core's dependencies
// are years old.
//
// It takes the address and the token from VAULT_ADDR and VAULT_TOKEN and the KV v2
// mount as its argument. Each line on standard input is a question, each line on
// standard output the answer, both JSON:
//
//	{"secrets": "workflows/deploy"}                                every secret below the path
//	{"secret": ["workflows/deploy", "name"]}                       one
//	{"connection": ["connections/domain", "aws", "production"]}    one
//	{"connections": "connections/domain"}                          every connection
//	{"workflow": "steps: ..."}                                     what a workflow file refers to
//	{"printed": ["workflows/deploy", "steps: ...", "{.key}"]}      what ni get -p prints in its first step
//
// Values come as base64. It ends with its standard input.
package main
