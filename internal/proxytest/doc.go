// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package proxytest is an HTTP proxy for tests: it records what it is asked for, and
// leads every tunnel to one server.
//
// It is for tests only.
package proxytest
