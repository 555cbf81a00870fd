// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	// errNotStarted is the result of a secret for which no worker started.
	errNotStarted = errors.New("not started, because the apply was stopped")
	// errNotDeleted is the result of a delete that would follow a failed write.
	errNotDeleted = errors.New("nothing was deleted, because not every secret was written")
)

// ofSet is where the diagnostics of a set point. The host prints the lines of the
// attribute, so it must not be the one that the values are in.
var ofSet = path.Root("workflow")

// failures are errors by secret.
type failures map[string]error

// failAll returns the same failure for each name.
func failAll(names []string, err error) failures {
	all := failures{}
	for _, name := range names {
		all[name] = err
	}
	return all
}

// and returns the failures of both.
func (f failures) and(other failures) failures {
	both := maps.Clone(f)
	maps.Copy(both, other)
	return both
}

// inParallel calls work for each name, with at most limit workers, and returns the
// results of all calls, failed calls included. An error that affects every secret
// stops it: calls that have started finish, the others fail with errNotStarted.
func inParallel[T any](ctx context.Context, limit int, names []string, work func(ctx context.Context, name string) (T, error)) (map[string]T, failures) {
	var (
		mu      sync.Mutex
		done    = make(map[string]T, len(names))
		failed  = failures{}
		stopped bool
		group   errgroup.Group
	)
	finish := func(name string, result T, err error) {
		mu.Lock()
		defer mu.Unlock()
		if !errors.Is(err, errNotStarted) {
			done[name] = result
		}
		if err != nil {
			failed[name] = err
			stopped = stopped || affectsAll(err)
		}
	}
	isStopped := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return stopped || ctx.Err() != nil
	}
	group.SetLimit(limit)
	for _, name := range names {
		group.Go(func() error {
			var result T
			err := errNotStarted
			if !isStopped() {
				result, err = work(ctx, name)
				err = withInterruption(ctx, err)
			}
			finish(name, result, err)
			return nil
		})
	}
	_ = group.Wait() // no worker returns an error
	return done, failed
}

// affectsAll reports whether an error affects every secret of the workflow.
func affectsAll(err error) bool {
	return secrets.AffectsAll(err) || errors.Is(err, secrets.ErrMissingCapability)
}

// mayHaveWritten reports whether a write has reached Vault, or may have.
func mayHaveWritten(err error) bool {
	return err == nil || errors.Is(err, secrets.ErrNoRecord) || errors.Is(err, secrets.ErrOutcomeUnknown)
}

// split separates the failures that match from the others.
func (f failures) split(matches func(error) bool) (these, others failures) {
	these, others = failures{}, failures{}
	for name, err := range f {
		if matches(err) {
			these[name] = err
		} else {
			others[name] = err
		}
	}
	return these, others
}

// messages returns one message for each cause, with all secrets that it affects. An
// invalid value has a message of its own.
func (f failures) messages() []string {
	shared, own := f.split(func(err error) bool {
		return errors.Is(err, errNotStarted) || (affectsAll(err) && !mayHaveWritten(err))
	})
	var all []string
	for _, names := range own.byCause() {
		err := own[names[0]]
		text := sentence(err.Error())
		if len(names) > 1 {
			text += fmt.Sprintf("\n\nThis also applies to %s.", strings.Join(names[1:], ", "))
		}
		switch {
		case errors.Is(err, errNotDeleted):
			text = sentence(err.Error()) + "\n\nNot deleted: " + strings.Join(names, ", ") + "."
		case errors.Is(err, secrets.ErrNotOwner):
			text = withAdoptHint(text, err)
		}
		all = append(all, text)
	}
	if len(shared) == 0 {
		return all
	}
	names := slices.Sorted(maps.Keys(shared))
	cause := errNotStarted
	if i := slices.IndexFunc(names, func(name string) bool { return !errors.Is(shared[name], errNotStarted) }); i >= 0 {
		cause = shared[names[i]]
	}
	return append(all, sentence(cause.Error())+"\n\nNot done: "+strings.Join(names, ", ")+".")
}

// byCause returns the names with the same cause together: those whose errors differ only
// in the name, and in versions and their times.
func (f failures) byCause() [][]string {
	var all [][]string
	found := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		cause := withoutName(f[name].Error(), name)
		if i, known := found[cause]; known && !errors.Is(f[name], secrets.ErrInvalid) {
			all[i] = append(all[i], name)
			continue
		}
		found[cause] = len(all)
		all = append(all, []string{name})
	}
	return all
}

// versionOf matches versions and times in the texts of errors.
var versionOf = lazyregexp.New(`(version|from) \d+( (of|at) [0-9TZ:.-]+)?`)

// withoutName replaces a name that is the last part of a path, and versions.
func withoutName(text, name string) string {
	text = regexp.MustCompile("/"+regexp.QuoteMeta(name)+`([\s:;,"]|$)`).ReplaceAllString(text, "/*$1")
	return versionOf.ReplaceAllString(text, "version *")
}

// addErrors reports each message as an error.
func (f failures) addErrors(diagnostics *diag.Diagnostics, summary string) {
	for _, m := range f.messages() {
		diagnostics.AddAttributeError(ofSet, summary, m)
	}
}

// addWarning reports all messages as one warning.
func (f failures) addWarning(diagnostics *diag.Diagnostics, summary string) {
	addWarningOnce(diagnostics, summary, f.messages())
}

// addWarningOnce reports all details in one warning. Of several warnings with one
// summary, Terraform shows the first only.
func addWarningOnce(diagnostics *diag.Diagnostics, summary string, details []string) {
	if len(details) > 0 {
		diagnostics.AddAttributeWarning(ofSet, summary, strings.Join(details, "\n\n"))
	}
}
