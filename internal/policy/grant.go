// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Grant is what a policy allows.
type Grant struct {
	Role Role
	// Mount and Prefix are where the workflows are. Required.
	Mount, Prefix string
	// Workflows are the names of the workflows. If it is nil, and nothing else names
	// workflows, the grant is for every workflow, which a Reader cannot have. An empty
	// list is rejected: a computed one hardly means every workflow.
	Workflows []string
	// WorkflowPrefixes are the beginnings of names: "deploy-" is for every workflow,
	// now and later, whose name begins so. It is the only pattern of names that a
	// Vault policy can express. Not for a Reader.
	WorkflowPrefixes []string
	// Identity gets the workflow from the login, in place of names.
	Identity Identity
	// ConnectionsDomain is the domain whose connections the grant includes; empty for
	// none.
	ConnectionsDomain string
	// Team is a team that the person acts for; empty for none.
	Team string
	// SecretsBy is the lowest of people's roles that adds, overwrites and deletes
	// secrets: Operator (also if 0), as on Relay's page about secrets, Approver, or
	// Administrator, as on its page about users. It does not affect programs.
	SecretsBy Role
	// Undelete allows a Writer, Controller, Operator or Approver to undelete versions.
	Undelete bool
	// Destroy allows a Writer or Controller to destroy versions, as "purge" does.
	Destroy bool
	// Settings allows a Writer or Controller to set how long versions are kept before it writes the
	// first one, which requires "create" on metadata.
	Settings bool
	// Controller is the controller whose planned changes an Approver approves, or that the
	// role Controller is for. Required for both, and for no other role.
	Controller string
	// Sources are the sources of the controller that the rights on approvals are for. If
	// it is nil, they are for every source. An empty list is rejected.
	Sources []string
	// Approvals allows an Administrator to list and remove approvals of every controller,
	// such as those of people who left.
	Approvals bool
}

// Identity names a workflow, and a domain of connections, by metadata that an auth
// method attaches to a login, as Relay's policy for its steps does (ARCHITECTURE.md,
// Policies). Vault puts the metadata in when it reads the policy.
//
// Vault looks for "+" and "*" only after that: the issuer of the metadata, such as that of a JWT,
// must refuse both.
type Identity struct {
	// Accessor is that of the auth mount, as "vault auth list" shows it.
	Accessor string
	// Workflow is the key of the workflow in the metadata; Relay's is tenant_id.
	Workflow string
	// Domain is the key of the connections' domain; Relay's is domain_id. Empty for
	// no connections.
	Domain string
}

func (i Identity) given() bool { return i != Identity{} }

// segment is a path segment that Vault fills in.
func (i Identity) segment(key string) string {
	return "{{identity.entity.aliases." + i.Accessor + ".metadata." + key + "}}"
}

// word is the form of an accessor or a key of metadata, so that it cannot end the
// template or begin another.
var word = lazyregexp.New(`^[A-Za-z0-9_-]{1,128}$`)

func (i Identity) check() error {
	if !i.given() {
		return nil
	}
	var errs []error
	for _, part := range []struct {
		what, text string
		optional   bool
	}{
		{"the accessor of the auth mount", i.Accessor, false},
		{"the metadata key of the workflow", i.Workflow, false},
		{"the metadata key of the domain", i.Domain, true},
	} {
		if !word.MatchString(part.text) && (part.text != "" || !part.optional) {
			errs = append(errs, fmt.Errorf("identity: %s is %q: expected letters, digits, '_' and '-'", part.what, part.text))
		}
	}
	return errors.Join(errs...)
}

// check rejects a grant without a policy, and one that grants more than a person
// expects. The error lists all problems.
func (g Grant) check() error {
	errs := []error{secrets.CheckPath("mount", g.Mount), secrets.CheckPrefix(g.Prefix)}
	if g.Role.String() == "" {
		errs = append(errs, errors.New("role is required"))
	}
	for _, name := range g.Workflows {
		errs = append(errs, secrets.CheckName("workflow", name))
	}
	for _, beginning := range g.WorkflowPrefixes {
		errs = append(errs, secrets.CheckName("beginning of a workflow", beginning))
	}
	if g.ConnectionsDomain != "" {
		errs = append(errs, secrets.CheckName("domain", g.ConnectionsDomain))
	}
	if g.Team != "" {
		_, err := secrets.TeamOwner(g.Team)
		errs = append(errs, err)
	}
	errs = append(errs, g.Identity.check(), g.checkSources())
	for _, r := range slices.Concat(g.ambiguous(), g.unsupported(), g.unapproved()) {
		if r.wrong {
			errs = append(errs, errors.New(r.text))
		}
	}
	return errors.Join(errs...)
}

// refusal is a reason to reject a grant.
type refusal struct {
	wrong bool
	text  string
}

// ambiguous are workflows and domains that are named in two ways, or not at all.
func (g Grant) ambiguous() []refusal {
	return []refusal{
		{g.Workflows != nil && len(g.Workflows) == 0,
			"the list of workflows is empty: name one, or omit the list for every workflow"},
		{g.WorkflowPrefixes != nil && len(g.WorkflowPrefixes) == 0,
			"the list of workflow prefixes is empty: name one, or omit the list"},
		{g.Identity.given() && (g.Workflows != nil || g.WorkflowPrefixes != nil),
			"workflows are named, and an identity names them too: keep one"},
		{g.Identity.Domain != "" && g.ConnectionsDomain != "",
			"a domain of connections is named, and an identity names it too: keep one"},
	}
}

// unsupported are options that the role does not have.
func (g Grant) unsupported() []refusal {
	return []refusal{
		{g.Role == Reader && g.every(),
			"a reader's policy needs the names of its workflows: a policy that reads every workflow is not supported"},
		{g.Role == Reader && len(g.WorkflowPrefixes) > 0,
			"a reader's workflows must be named one by one: workflow prefixes are not supported"},
		{g.Role == Reader && g.more(),
			"undelete, destroy and settings are for a writer: a reader writes nothing"},
		{g.Role == Tidy && g.more(),
			"undelete, destroy and settings are for a writer: tidy only removes metadata"},
		{g.Role.person() && (g.Destroy || g.Settings),
			"destroy and settings are for a writer: among people, only an administrator has these rights"},
		{g.Role.person() && g.Undelete && !g.withSecrets().allow(capability.Write),
			"undelete is for a role that writes secrets: this one only lists names, versions and owners"},
		{g.Team != "" && (!g.Role.person() || !g.withSecrets().allow(capability.Write)),
			"a team is for people who write secrets: choose a role that does"},
		{g.SecretsBy != 0 && !g.Role.person(),
			"which people write secrets makes no difference for a program: omit the option"},
		{g.SecretsBy != 0 && (g.SecretsBy < Operator || g.SecretsBy > Administrator),
			"the lowest role that writes secrets must be operator, approver or administrator"},
	}
}

// more reports whether the grant has rights that are optional for a Writer.
func (g Grant) more() bool { return g.Undelete || g.Destroy || g.Settings }

// every reports whether the grant is for every workflow.
func (g Grant) every() bool {
	return g.Workflows == nil && g.WorkflowPrefixes == nil && !g.Identity.given()
}
