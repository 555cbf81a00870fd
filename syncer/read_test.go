// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

var (
	deploy = secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}
	token  = deploy.Secret("token")
)

func TestDuplicateClaimsAreBothOmitted(t *testing.T) {
	t.Parallel()
	var d desired
	d.settle([]plan.Want{
		{Address: token, File: "b.yaml", Line: 7},
		{Address: deploy.Secret("alone"), File: "b.yaml", Line: 9},
		{Address: token, File: "a.yaml", Line: 3},
	})
	if len(d.Wants) != 1 || d.Wants[0].Address.Name != "alone" {
		t.Errorf("wanted: %v", d.Wants)
	}
	if len(d.Failures) != 1 || !strings.Contains(d.Failures[0].Err.Error(), "b.yaml:7, a.yaml:3") {
		t.Errorf("failures: %v", d.Failures)
	}
}
