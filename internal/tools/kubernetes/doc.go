// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command kube-api is the API server of Kubernetes with etcd in one process, for tests of what
// needs a real one: Leases, service accounts and their tokens, RBAC, admission of pods. No
// controller and no node runs: a Deployment makes no pods, a namespace has no default service
// account and no ConfigMap kube-root-ca.crt, and a deleted namespace stays "Terminating".
//
//	kube-api -data DIR -listen 127.0.0.1:PORT [-until-eof]
//
// DIR has etcd's data, the server's certificate apiserver.crt, which is its own authority, and
// kubeconfig, of an administrator. A later start with the same DIR and address goes on with
// the same objects, keys and tokens. The server is ready when https://127.0.0.1:PORT/readyz
// answers 200. SIGTERM stops it; with -until-eof, the end of standard input does, too.
//
// The package also pins kubectl, which make builds from the same module.
//
// It listens on loopback only. It must not be used outside of tests: its etcd has no
// authentication.
package main
