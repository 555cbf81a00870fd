// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ChangedFiles are the files of what waits for approval, by the commit that the secret was
// last written from: who changed them since is an author of the plan. whole is false if a
// file or a commit is not known. Pure.
func ChangedFiles(actions []Action, owner secrets.Owner) (files map[string][]string, whole bool) {
	files = map[string][]string{}
	for _, a := range actions {
		if a.Kind != PendingApproval {
			continue // a record of another history: no file changed
		}
		last := a.Entry.Records[owner]
		if a.Former != secrets.NoOwner {
			last = a.Entry.Records[a.Former]
		}
		of := []string{}
		if a.Want != nil {
			of = append(of, a.Want.File)
		}
		if last.WholeOrigin() {
			of = append(of, last.Origin)
		} else if a.Want == nil {
			return nil, false
		}
		if last.Revision == "" {
			return nil, false
		}
		for _, file := range of {
			if !slices.Contains(files[last.Revision], file) {
				files[last.Revision] = append(files[last.Revision], file)
			}
		}
	}
	return files, true
}
