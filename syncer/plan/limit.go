// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

// limit lets the deletes of a plan that has too many of them wait for approval. It
// judges each workflow by itself as well: what is left elsewhere does not make up for
// a workflow that is emptied.
func (in Input) limit(actions []Action) []Action {
	deletes, owned := 0, 0
	wanted := map[string]bool{}
	for _, a := range actions {
		if a.Kind == Delete {
			deletes++
		}
		if a.Want != nil {
			wanted[a.Address.Workflow()] = true
		}
	}
	for _, e := range in.Observed {
		if owner, is := e.Owner(); is && owner == in.Owner && e.Live() {
			owned++
		}
	}
	exceeded := in.Deletes.exceeded(deletes, owned)
	for i, a := range actions {
		if a.Kind != Delete {
			continue
		}
		switch {
		case exceeded != "":
			actions[i] = a.pending(guard{why: exceeded})
		case !in.Deletes.AllowEmpty && a.Address.Workflow() != "" && !wanted[a.Address.Workflow()]:
			actions[i] = a.pending(guard{why: "no secret of this workflow would be left (deletes.allow_empty)"})
		}
	}
	return actions
}
