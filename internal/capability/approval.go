// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package capability

// ApprovalsRoot is the folder, below the mount, of everything that relay-sync itself keeps
// in Vault: the approvals, as metadata without a value, and the paths of teams. No
// workflow's prefix may be there.
const ApprovalsRoot = "relay-sync"

// Approval is what an approver requires on the own path of a source, Approvals what a
// controller requires on the path of each approver of its sources. A controller also lists
// the folder. OldApprovals is what an administrator requires to remove the approvals of
// people who left: nothing with which an approval could be given in another person's name.
var (
	Approval     = []string{"create", "read", "patch"}
	Approvals    = []string{"read", "patch"}
	OldApprovals = []string{"read", "delete"}
)

// ApprovalFolder is the folder, below the mount, of the approvals of a source.
func ApprovalFolder(controller, source string) string {
	return ApprovalsRoot + "/" + controller + "/" + source
}

// ApprovalPath is the path of Vault's API for the approvals of one person, by the id of
// the person's entity. The person that Vault knows by the token is the one in the path.
func ApprovalPath(mount, controller, source, entity string) string {
	return mount + "/metadata/" + ApprovalFolder(controller, source) + "/" + entity
}
