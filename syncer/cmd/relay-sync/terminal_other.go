// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package main

// dropTyped drops nothing on this system.
func dropTyped() bool { return false }
