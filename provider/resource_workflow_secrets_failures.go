// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// errNotStarted is what became of a secret whose turn never came.
var errNotStarted = errors.New("its turn did not come before the apply was stopped")

// failures are what went wrong, by secret.
type failures map[string]error

// errNoValue is a value that turned out to be null.
var errNoValue = fmt.Errorf("value_wo is null; give it a text, which may be empty: %w", secrets.ErrInvalid)

// inParallel takes a turn for each name, as many at once as limit says, and
// returns what each turn did that was taken, those that failed included. An error
// that the next secret would meet too ends it: the turns that have begun are
// finished, the others fail with errNotReached.
func inParallel[T any](ctx context.Context, limit int, names []string, turn func(ctx context.Context, name string) (T, error)) (map[string]T, failures) {
	var (
		mu     sync.Mutex
		done   = make(map[string]T, len(names))
		failed = failures{}
		ended  bool
		group  errgroup.Group
	)
	note := func(name string, result T, err error) {
		mu.Lock()
		defer mu.Unlock()
		if !errors.Is(err, errNotStarted) {
			done[name] = result
		}
		if err != nil {
			failed[name] = err
			ended = ended || affectsAll(err)
		}
	}
	over := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return ended || ctx.Err() != nil
	}
	group.SetLimit(limit)
	for _, name := range names {
		group.Go(func() error {
			var result T
			err := errNotStarted
			if !over() {
				result, err = turn(ctx, name)
				err = withInterruption(ctx, err)
			}
			note(name, result, err)
			return nil
		})
	}
	_ = group.Wait() // no turn returns an error
	return done, failed
}

// affectsAll reports whether every secret of the workflow would meet the error.
func affectsAll(err error) bool {
	return secrets.AffectsAll(err) || errors.Is(err, secrets.ErrMissingCapability)
}

// mayHaveWritten reports whether a write may have reached Vault: it did, or
// nobody knows.
func mayHaveWritten(err error) bool {
	return err == nil || errors.Is(err, secrets.ErrNoRecord) || errors.Is(err, secrets.ErrOutcomeUnknown)
}

// split parts the failures that fit from the others.
func (f failures) split(fits func(error) bool) (these, others failures) {
	these, others = failures{}, failures{}
	for name, err := range f {
		if fits(err) {
			these[name] = err
		} else {
			others[name] = err
		}
	}
	return these, others
}

// failureMessage is one thing to say of failures.
type failureMessage struct {
	at     path.Path
	detail string
}

// messages say what went wrong, each at its secret, except that what every
// secret meets is said once.
func (f failures) messages() []failureMessage {
	shared, own := f.split(func(err error) bool {
		return errors.Is(err, errNotStarted) || (affectsAll(err) && !mayHaveWritten(err))
	})
	var all []failureMessage
	for _, name := range slices.Sorted(maps.Keys(own)) {
		err := own[name]
		c := failureMessage{secretPath(name), sentence(err.Error())}
		switch {
		case errors.Is(err, secrets.ErrNotOwner):
			c.detail += adoptHint
		case errors.Is(err, secrets.ErrInvalid):
			c.at = c.at.AtName("value_wo")
		}
		all = append(all, c)
	}
	if len(shared) == 0 {
		return all
	}
	names := slices.Sorted(maps.Keys(shared))
	reason := errNotStarted
	if i := slices.IndexFunc(names, func(name string) bool { return !errors.Is(shared[name], errNotStarted) }); i >= 0 {
		reason = shared[names[i]]
	}
	return append(all, failureMessage{path.Root("secrets"), sentence(reason.Error()) + "\n\nNot done: " + strings.Join(names, ", ") + "."})
}

// addErrors makes each complaint an error.
func (f failures) addErrors(diagnostics *diag.Diagnostics, attempted string) {
	for _, c := range f.messages() {
		diagnostics.AddAttributeError(c.at, attempted, c.detail)
	}
}

// addWarning makes all complaints one warning.
func (f failures) addWarning(diagnostics *diag.Diagnostics, summary string) {
	var details []string
	for _, c := range f.messages() {
		details = append(details, c.detail)
	}
	addWarningOnce(diagnostics, summary, details)
}

// addWarningOnce says all details in one warning: of several with one summary, Terraform
// shows the first and counts the others.
func addWarningOnce(diagnostics *diag.Diagnostics, summary string, details []string) {
	if len(details) > 0 {
		diagnostics.AddAttributeWarning(path.Root("secrets"), summary, strings.Join(details, "\n\n"))
	}
}
