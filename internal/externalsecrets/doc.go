// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command external-secrets reads secrets from Vault with External Secrets' own code: its
// provider for Vault, its rewriting of names and its templates. Tests use it to check what a
// Kubernetes Secret has of what this project writes. It is a module of its own, because it
// links Kubernetes' client.
//
// Standard input has manifests: one SecretStore, ExternalSecrets of its namespace, and the
// Secrets that the store's login refers to. KUBECONFIG names the cluster that issues tokens of
// service accounts. The output is JSON: the data of each resulting Secret, by its name.
//
// It leaves out External Secrets' controller, which would link every other provider. It must
// not be used outside of tests, because it prints values.
package main
