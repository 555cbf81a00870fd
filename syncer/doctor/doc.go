// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package doctor checks an installation of relay-sync from the outside in: files, git, Vault,
// its policy, the sources, the addresses of the daemon, and the web page.
//
// # Promises
//
// It changes nothing in Vault and in git, and starts no daemon. The checks are in the order
// in which a fault would stop a sync, and a check that needs another one is skipped if that
// failed: so the first line that fails names the cause. Each failed line has the next step.
//
// # Limits
//
// Checks of the web page use no token: of a login by user name they see only whether Vault has
// one. A login by OIDC is begun, for its redirect URI, and never ended.
//
// A check shows the state of now. The rights of a token are compared with what the sources
// need, by capabilities: rules for single names are not seen.
package doctor
