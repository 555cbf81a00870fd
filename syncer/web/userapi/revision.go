// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// revision is what the workflow file of a workflow uses, in Relay's form.
type revision struct {
	ID    string `json:"id"`
	Steps []step `json:"steps"`
}

// step is a step with what it uses.
type step struct {
	Name       string     `json:"name"`
	References references `json:"references"`
}

type references struct {
	Secrets     []named          `json:"secrets"`
	Connections []connectionName `json:"connections"`
}

// named is something of which only the name is returned.
type named struct {
	Name string `json:"name"`
}

type connectionName struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// revisionOf is the revision of a workflow, nil where no workflow file is known. A step
// that uses all secrets has all of these names. Names that only a run shows, and
// the uses of triggers, are left out: Relay's form has no member for them. The id is a hash
// of the references, so that it changes with them. Pure.
func revisionOf(w report.Workflow, names []string) *revision {
	if !w.MissingKnown && len(w.References) == 0 {
		return nil
	}
	text, err := json.Marshal(w.References)
	if err != nil {
		return nil // never: names and numbers
	}
	sum := sha256.Sum256(text)
	out := &revision{ID: hex.EncodeToString(sum[:16]), Steps: []step{}}
	at := map[string]int{}
	for _, r := range w.References {
		if r.UserKind != stepKind {
			continue
		}
		if _, known := at[r.User]; !known {
			at[r.User] = len(out.Steps)
			out.Steps = append(out.Steps, step{Name: r.User, References: references{Secrets: []named{}, Connections: []connectionName{}}})
		}
		out.Steps[at[r.User]].References.add(r, names)
	}
	return out
}

// stepKind is the kind of user that is a step.
const stepKind = "step"

func (u *references) add(r report.Reference, names []string) {
	switch {
	case r.Kind == workflowfile.Secret && r.All:
		for _, name := range names {
			u.addSecret(name)
		}
	case r.Kind == workflowfile.Secret && r.Name != "":
		u.addSecret(r.Name)
	case r.Kind == workflowfile.Connection && r.Name != "":
		if one := (connectionName{r.Type, r.Name}); !slices.Contains(u.Connections, one) {
			u.Connections = append(u.Connections, one)
		}
	}
}

func (u *references) addSecret(name string) {
	if !slices.Contains(u.Secrets, named{name}) {
		u.Secrets = append(u.Secrets, named{name})
	}
}
