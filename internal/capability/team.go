// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package capability

// TeamsName is the name of the folder of teams, beside the folders of controllers. No
// controller may have it.
const TeamsName = "teams"

// TeamsFolder is the folder, below metadata/ of a mount, of the paths of teams.
const TeamsFolder = ApprovalsRoot + "/" + TeamsName + "/"

// Team is what a member of a team requires on TeamPath. Nothing is written there.
const Team = "patch"

// TeamPath is the path of Vault's API that decides who may act for a team: a token that
// may patch it.
func TeamPath(mount, team string) string { return mount + "/metadata/" + TeamsFolder + team }
