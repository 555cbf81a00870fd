// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// The roles that can do an operation on secrets, each with its widest grant.
var allowed = map[capability.Operation][]Role{
	capability.Read:      {Reader},
	capability.List:      {Writer, Controller, Reader, Viewer, Operator, Approver, Administrator, Tidy},
	capability.Observe:   {Writer, Controller, Viewer, Operator, Approver, Administrator, Tidy},
	capability.Write:     {Writer, Controller, Operator, Approver, Administrator},
	capability.Delete:    {Writer, Controller, Operator, Approver, Administrator},
	capability.Undelete:  {Writer, Controller, Operator, Approver, Administrator},
	capability.Purge:     {Writer, Controller, Administrator},
	capability.Configure: {Writer, Controller, Administrator},
	capability.Tidy:      {Administrator, Tidy},
}

func widest(role Role) Grant {
	g := at(Grant{Role: role})
	if role.writer() {
		g.Undelete, g.Destroy, g.Settings = true, true, true
	}
	g.Approvals = role == Administrator
	g.Undelete = role.writer() || role == Operator || role == Approver
	if role == Reader {
		g.Workflows = []string{"w"}
	}
	return g
}

// ofApprovals is what the roles have besides.
var ofApprovals = map[Role]map[string][]string{
	Approver: {"customers/metadata/relay-sync/cluster-1/+/{{identity.entity.id}}": {"create", "read", "patch"}},
	Controller: {
		"customers/metadata/relay-sync/cluster-1/+/+": {"read", "patch"},
		"customers/metadata/relay-sync/cluster-1/+/":  {"list"},
	},
	Administrator: {
		"customers/metadata/relay-sync/+/+/+": {"read", "delete"},
		"customers/metadata/relay-sync/":      {"list"},
		"customers/metadata/relay-sync/+/":    {"list"},
		"customers/metadata/relay-sync/+/+/":  {"list"},
	},
}

func pathOf(r capability.Rule, role Role) string {
	path := "customers/" + r.API + "/workflows/"
	switch {
	case role == Reader:
		return path + "w/*"
	case r.Folder:
		return path + "+/"
	}
	return path + "+/+"
}

func TestPoliciesGrantWhatTheTableRequiresAndNothingElse(t *testing.T) {
	t.Parallel()
	for role := Writer; role <= Controller; role++ {
		text, err := For(widest(role))
		if err != nil {
			t.Fatal(err)
		}
		granted, needed := meaning(t, text), map[string][]string{}
		for path, capabilities := range ofApprovals[role] {
			needed[path] = slices.Clone(capabilities)
			for _, c := range capabilities {
				if !slices.Contains(granted[path], c) {
					t.Errorf("%s: %s on %s is not granted", role, c, path)
				}
			}
		}
		if role.person() || role == Tidy {
			needed["customers/metadata/workflows/"] = []string{"list"} // of the workflows
		}
		for _, op := range capability.Operations() {
			complete := true
			for _, r := range capability.For(op) {
				for _, c := range r.Capabilities {
					complete = complete && slices.Contains(granted[pathOf(r, role)], c)
					if slices.Contains(allowed[op], role) {
						needed[pathOf(r, role)] = append(needed[pathOf(r, role)], c)
					}
				}
			}
			if want := slices.Contains(allowed[op], role); complete != want {
				t.Errorf("%s: operation %d is granted: %t, want %t", role, op, complete, want)
			}
		}
		for path, capabilities := range granted {
			for _, c := range capabilities {
				if !slices.Contains(needed[path], c) {
					t.Errorf("%s: %s on %s is granted, and no operation of the role requires it", role, c, path)
				}
			}
		}
	}
}
