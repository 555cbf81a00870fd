// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command relay-reader reads secrets and connections from Vault with Relay's own code,
// the Vault managers of relay-core. Tests use it to check that a step of a workflow can
// read what this project writes. It is a module of its own, because relay-core's
// dependencies are years old.
//
// It reads the address and the token from VAULT_ADDR and VAULT_TOKEN; its argument is
// the KV v2 mount. Each line on standard input is a request, each line on standard
// output a response, both JSON:
//
//	{"secrets": "workflows/deploy"}                                every secret below the path
//	{"secret": ["workflows/deploy", "name"]}                       one
//	{"connection": ["connections/domain", "aws", "production"]}    one
//	{"connections": "connections/domain"}                          every connection
//	{"workflow": "steps: ..."}                                     the references of a workflow file
//	{"printed": ["workflows/deploy", "connections/domain", "steps: ...", "{.key}"]}
//	                                                               the output of ni get -p in its first step
//	{"steps": ["workflows/deploy", "connections/domain", "steps: ..."]}
//	                                                               the values that its steps receive
//
// Values are base64. It exits at the end of standard input. It must not be used outside
// of tests, because it prints values.
package main
