// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package kubetest starts the API server of Kubernetes for tests: bin/kube-api, with the
// limits that its own documentation states, and bin/kubectl as its client.
//
// Both take minutes to build, so the tests that use it have the build tag kubernetes, and make
// kubernetes-check builds and runs them. It is for tests only.
package kubetest
