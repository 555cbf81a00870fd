// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// person is the id of the entity of the token, which Vault fills in. An id is a UUID, so
// it contains neither "+" nor "*".
const person = "{{identity.entity.id}}"

// ofSources reports whether the role has rights on the approvals of sources.
func (r Role) ofSources() bool { return r == Approver || r == Controller }

// approvals are the rules for approvals, none if the role has no rights on them.
func (g Grant) approvals() []block {
	if g.Approvals {
		return []block{g.oldApprovals()}
	}
	if !g.Role.ofSources() {
		return nil
	}
	var out []block
	if g.Sources == nil {
		out = append(out, g.approvalsOf("every source", every))
	}
	for _, source := range once(g.Sources) {
		out = append(out, g.approvalsOf("source "+source, source))
	}
	return out
}

func (g Grant) approvalsOf(whose, source string) block {
	whose += " of controller " + g.Controller
	at := func(who string) string { return capability.ApprovalPath(g.Mount, g.Controller, source, who) }
	if g.Role == Approver {
		return block{
			comments: []string{"Approver of " + whose + ": approve planned changes, as the person of the token."},
			lines:    []line{{at(person), capability.Approval}},
		}
	}
	return block{
		comments: []string{"Controller, approvals of " + whose + ": list, read and remove."},
		lines:    []line{{at(every), capability.Approvals}, {at(""), capability.For(capability.List)[0].Capabilities}},
	}
}

// oldApprovals lists and removes the approvals of every controller. It gives none.
func (g Grant) oldApprovals() block {
	b := block{comments: []string{"Administrator of the approvals of every controller: list, read and remove, but give none."}}
	b.lines = append(b.lines, line{capability.ApprovalPath(g.Mount, every, every, every), capability.OldApprovals})
	folder := g.Mount + "/metadata/" + capability.ApprovalsRoot + "/"
	for range 3 { // of controllers, of their sources, of people
		b.lines = append(b.lines, line{folder, capability.For(capability.List)[0].Capabilities})
		folder += every + "/"
	}
	return b
}

// checkSources rejects names of the controller and its sources that the configuration of
// relay-sync rejects, too.
func (g Grant) checkSources() error {
	var errs []error
	if g.Controller != "" {
		_, err := secrets.GitOpsOwner(g.Controller, "any")
		errs = append(errs, err)
	}
	for _, source := range g.Sources {
		_, err := secrets.GitOpsOwner("any", source)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unapproved are options for approvals that the role does not have, and missing ones.
func (g Grant) unapproved() []refusal {
	return []refusal{
		{g.Role.ofSources() && g.Controller == "",
			"the controller is required for this role: its name in the configuration of relay-sync"},
		{!g.Role.ofSources() && (g.Controller != "" || g.Sources != nil),
			"a controller and sources are for an approver or a controller: no other role has rights on their approvals"},
		{g.Sources != nil && len(g.Sources) == 0,
			"the list of sources is empty: name one, or omit the list for every source of the controller"},
		{g.Approvals && g.Role != Administrator,
			"approvals is for an administrator, who lists and removes old approvals: an approver has rights on the own ones"},
	}
}
