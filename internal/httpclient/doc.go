// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package httpclient makes every HTTP client of this module: for git over HTTPS,
// key services, notifications, elections and Vault.
//
// It promises:
//
//   - TLS 1.2 or later. Files with authorities and client certificates are read
//     again when they change, so that a rotation needs no restart.
//   - No proxy but Settings.Proxy: no proxy variable of the environment is read.
//   - No redirect is followed, except to a host that Settings.RedirectHosts lists.
//     The credentials of a request go along only to such a host.
//   - Response headers and bodies are bounded, and so is the time to connect.
//   - A connection that no longer answers is closed within seconds.
//   - No cookies, and no request is repeated by the transport itself.
//
// It also has the one check for addresses of servers and proxies. It must not know
// what is sent.
package httpclient
