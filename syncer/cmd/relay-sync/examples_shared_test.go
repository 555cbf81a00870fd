// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
)

// TestKubernetesExampleOfReplicasThatShareHasTheRoleForTheirLeases: the names of the Leases are
// those of the configuration with a number.
func TestKubernetesExampleOfReplicasThatShareHasTheRoleForTheirLeases(t *testing.T) {
	t.Parallel()
	var role rbacv1.Role
	manifests(t, "kubernetes-shared", map[string][]any{"Role": {&role}}, "role.yaml")
	cfg, err := config.Read(examples + "kubernetes-shared/relay-sync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Election.Share != election.ShareSources {
		t.Errorf("the replicas do not share: %+v", cfg.Election)
	}
	for _, rule := range role.Rules {
		if slices.Contains(rule.Verbs, "update") && !slices.Contains(rule.ResourceNames, fmt.Sprint(cfg.Election.Lease, "-0")) {
			t.Errorf("the Role permits to update %v, and the Leases begin with %s", rule.ResourceNames, cfg.Election.Lease)
		}
	}
	with, without := read(t, examples+"kubernetes-shared/relay-sync.yaml"), read(t, examples+"kubernetes/relay-sync.yaml")
	with = strings.Replace(with, ", share: sources", "", 1)
	if strings.Split(with, "max_mib: 1024")[0] != strings.Split(without, "max_mib: 1024")[0] {
		t.Errorf("the daemon has another configuration:\n%s", with)
	}
}
