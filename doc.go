// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-relay serves the Terraform provider "relay".
//
// It contains process settings only; the provider is in package provider. It must not
// let the plugin library write requests to disk, because they contain values.
package main
