// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// every stands for any one segment in a Vault policy. As it is no valid name,
// nobody can ask for it by accident. Vault looks for it after templating, so what
// is put into a policy must have been checked before.
const every = "+"

// Grant is what a policy is to allow.
type Grant struct {
	Role Role
	// Mount and Prefix are where the workflows are. Required.
	Mount, Prefix string
	// Workflows are the names of the workflows. Nil means every workflow, which
	// only a Writer may have; an empty list is refused, because whoever computes
	// one hardly means every workflow.
	Workflows []string
	// Undelete lets a Writer bring soft-deleted versions back.
	Undelete bool
	// Destroy lets a Writer erase versions for good, as "purge" does.
	Destroy bool
}

// For is the text of the Vault policy for a grant, in HCL: one block of rules for
// each workflow, sorted, one rule a line. The error lists all that is wrong.
func For(g Grant) (string, error) {
	if err := g.check(); err != nil {
		return "", err
	}
	var text strings.Builder
	for i, workflow := range g.segments() {
		if i > 0 {
			text.WriteByte('\n')
		}
		g.write(&text, workflow)
	}
	return text.String(), nil
}

func (g Grant) check() error {
	errs := []error{secrets.CheckPath("mount", g.Mount), secrets.CheckPath("prefix", g.Prefix)}
	if g.Role.String() == "" {
		errs = append(errs, errors.New("no role is given"))
	}
	for _, name := range g.Workflows {
		errs = append(errs, secrets.CheckName("workflow", name))
	}
	switch {
	case g.Workflows != nil && len(g.Workflows) == 0:
		errs = append(errs, errors.New("the list of workflows is empty: name one, or leave the list out for every workflow"))
	case g.Role == Reader && g.Workflows == nil:
		errs = append(errs, errors.New("a reader's policy needs the names of its workflows: one that reads all of them is refused"))
	}
	if g.Role == Reader && (g.Undelete || g.Destroy) {
		errs = append(errs, errors.New("undelete and destroy are for a writer: a reader writes nothing"))
	}
	return errors.Join(errs...)
}

// segments are what stands in the place of the workflow, each once.
func (g Grant) segments() []string {
	if g.Workflows == nil {
		return []string{every}
	}
	names := slices.Sorted(slices.Values(g.Workflows))
	return slices.Compact(names)
}

func (g Grant) write(text *strings.Builder, workflow string) {
	whose := "workflow " + workflow
	if workflow == every {
		whose = "every workflow"
	}
	fmt.Fprintf(text, "# %s of %s: %s.\n", title(g.Role.String()), whose, g.purpose())
	rules := g.rules()
	width := 0
	paths := make([]string, len(rules))
	for i, r := range rules {
		// A valid name holds nothing that HCL would read as more than text.
		paths[i] = fmt.Sprintf(`"%s/%s/%s/%s/%s"`, g.Mount, r.operation, g.Prefix, workflow, r.below)
		width = max(width, len([]rune(paths[i])))
	}
	for i, r := range rules {
		fmt.Fprintf(text, "path %-*s { capabilities = [\"%s\"] }\n", width, paths[i], strings.Join(r.capabilities, `", "`))
	}
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
