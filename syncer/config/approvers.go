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
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// minApprovalLifetime leaves a controller the time to notice an approval.
const minApprovalLifetime = time.Minute

func (a Approvals) approverProblems(out *problem.List) {
	lifetime := a.lifetime()
	out.AddIf(lifetime < minApprovalLifetime || lifetime > approval.MaxLifetime, "lifetime",
		"must be %s to %s, such as 1h", minApprovalLifetime, approval.MaxLifetime)
	out.AddIf(len(a.People) > 0 && !a.FourEyes, "people", "must not be set without four_eyes")
	for _, address := range slices.Sorted(maps.Keys(a.People)) {
		out.AddIf(strings.TrimSpace(address) == "", "people", "must not have an empty address")
		out.AddIf(a.People[address] != aProgram && !entityForm.MatchString(a.People[address]), "people",
			"%s must have the id of an entity, such as 5f5ff0ff-7a9c-4f5c-b0b5-6f5f0a5a1c3e, or %q; vault token lookup shows the own one as entity_id",
			foreign.Quote(address), aProgram)
	}
}

// aProgram is the entity of an address that is not a person's, such as that of a git host
// that merges.
const aProgram = "program"

// entityForm is the form of the ids that Vault gives to entities: with another id
// a person would not count as an author.
var entityForm = lazyregexp.New(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

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
		case entity != aProgram && !slices.Contains(entities, entity):
			entities = append(entities, entity)
		}
	}
	return entities, unknown
}
