// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// minApprovalLifetime leaves a controller the time to notice an approval.
const minApprovalLifetime = time.Minute

func (a Approvals) approverProblems(out *problem.List) {
	lifetime := a.lifetime()
	out.AddIf(lifetime < minApprovalLifetime || lifetime > approval.MaxLifetime, "lifetime",
		"must be %s to %s, such as 1h", minApprovalLifetime, approval.MaxLifetime)
	out.AddIf(len(a.People) > 0 && !a.FourEyes, "people", "must not be set without four_eyes")
	for _, address := range slices.Sorted(maps.Keys(a.People)) {
		entity := a.People[address]
		out.AddIf(strings.TrimSpace(address) == "", "people", "must have no empty address")
		if entity != "" {
			out.AddError("people", secrets.CheckName("entity", entity))
		}
	}
}

func (a Approvals) lifetime() time.Duration { return cmp.Or(a.Lifetime, approval.DefaultLifetime) }

// Rules are what an approval must fulfil, without the authors of a plan.
func (a Approvals) Rules() approval.Rules {
	return approval.Rules{Lifetime: a.lifetime(), FourEyes: a.FourEyes}
}

// Entities are the persons behind addresses, each once. unknown means that an address has
// no person in the configuration. Addresses are compared without regard to case.
func (a Approvals) Entities(addresses []string) (entities []string, unknown bool) {
	people := make(map[string]string, len(a.People))
	for address, entity := range a.People {
		people[strings.ToLower(address)] = entity
	}
	for _, address := range addresses {
		entity, known := people[strings.ToLower(address)]
		switch {
		case !known:
			unknown = true
		case entity != "" && !slices.Contains(entities, entity):
			entities = append(entities, entity)
		}
	}
	return entities, unknown
}
