// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// Assignment gives a secret to the command under a name.
type Assignment struct{ Name, Secret string }

var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParseAssignments reads texts of the form NAME=secret, with each NAME once.
func ParseAssignments(texts []string) ([]Assignment, error) {
	var out []Assignment
	for _, text := range texts {
		name, secret, _ := strings.Cut(text, "=")
		if !variableName.MatchString(name) || secret == "" {
			return nil, fmt.Errorf("invalid --env %s: must be NAME=secret, with a NAME of A-Z, a-z, 0-9 and _ that does not begin with a digit", foreign.Quote(text))
		}
		if slices.ContainsFunc(out, func(a Assignment) bool { return a.Name == name }) {
			return nil, fmt.Errorf("duplicate --env %s", name)
		}
		out = append(out, Assignment{Name: name, Secret: secret})
	}
	return out, nil
}

// VariableName is the one rule for the variable of a secret: ASCII letters as capitals, digits
// as they are, every other character as _, and a _ in front of a digit at the start.
func VariableName(secret string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, secret)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// obeyed are variables that shells and the dynamic linker obey. Who may write a secret would
// decide what the command runs.
var obeyed = lazyregexp.New(`^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|LD_.*|DYLD_.*)$`)

// AssignAll assigns every secret to the variable of VariableName. Collisions are errors: two
// secrets with one variable, a variable that environment already has, and one of obeyed.
func AssignAll(found []Secret, environment []string) ([]Assignment, error) {
	exists := map[string]bool{}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		exists[name] = true
	}
	former := map[string]string{}
	var out []Assignment
	var errs []error
	for _, secret := range found {
		name := VariableName(secret.Name)
		other, twice := former[name]
		switch {
		case twice:
			errs = append(errs, fmt.Errorf("secrets %s and %s have the same variable %s", foreign.Quote(other), foreign.Quote(secret.Name), name))
		case exists[name]:
			errs = append(errs, fmt.Errorf("secret %s: the environment already has a variable %s", foreign.Quote(secret.Name), name))
		case obeyed.MatchString(name):
			errs = append(errs, fmt.Errorf("secret %s: shells and the system obey the variable %s", foreign.Quote(secret.Name), name))
		}
		former[name] = secret.Name
		out = append(out, Assignment{Name: name, Secret: secret.Name})
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w\nHint: name the variables by --env NAME=secret in place of --all, or use --files", errors.Join(errs...))
	}
	return out, nil
}

// maxVariableBytes is the longest NAME=value with its NUL byte that Linux passes to a program
// (execve(2), MAX_ARG_STRLEN).
const maxVariableBytes = 128 << 10

// Environment is an environment with the secrets in it, each in place of a variable of that
// name. The error names all secrets that cannot be a variable.
func Environment(environment []string, assigned []Assignment, found []Secret) ([]string, error) {
	values := byName(found)
	out := environment
	var errs []error
	for _, a := range assigned {
		with, err := WithVariable(out, a.Name, values[a.Secret].Plain())
		if err != nil {
			errs = append(errs, fmt.Errorf("secret %s cannot be the variable %s: %w", foreign.Quote(a.Secret), a.Name, err))
			continue
		}
		out = with
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w\nHint: add --files DIR, which writes the secrets to files", errors.Join(errs...))
	}
	return out, nil
}

var errVariable = errors.New("it is larger than 128 KiB or contains a NUL byte")

// WithVariable is an environment with a variable, in place of those of that name.
func WithVariable(environment []string, name, value string) ([]string, error) {
	variable := name + "=" + value
	if len(variable)+1 > maxVariableBytes || strings.ContainsRune(variable, 0) {
		return nil, errVariable
	}
	return append(Without(environment, name), variable), nil
}

// Without is an environment without the variables of these names.
func Without(environment []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(names, name)
	})
}

func byName(found []Secret) map[string]Value {
	out := make(map[string]Value, len(found))
	for _, secret := range found {
		out[secret.Name] = secret.Value
	}
	return out
}

// Names are the secrets of assignments, each once.
func Names(assigned []Assignment) []string {
	var out []string
	for _, a := range assigned {
		if !slices.Contains(out, a.Secret) {
			out = append(out, a.Secret)
		}
	}
	return out
}

// AssignNames assigns every secret to its own name, for files.
func AssignNames(found []Secret) []Assignment {
	out := make([]Assignment, len(found))
	for i, secret := range found {
		out[i] = Assignment{Name: secret.Name, Secret: secret.Name}
	}
	return out
}
