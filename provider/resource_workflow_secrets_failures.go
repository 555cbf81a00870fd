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

// errNotReached is what became of a secret whose turn never came.
var errNotReached = errors.New("its turn did not come before the apply was stopped")

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
		if !errors.Is(err, errNotReached) {
			done[name] = result
		}
		if err != nil {
			failed[name] = err
			ended = ended || meetsAll(err)
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
			err := errNotReached
			if !over() {
				result, err = turn(ctx, name)
				err = interruption(ctx, err)
			}
			note(name, result, err)
			return nil
		})
	}
	_ = group.Wait() // no turn returns an error
	return done, failed
}

// meetsAll reports whether every secret of the workflow would meet the error.
func meetsAll(err error) bool {
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

// complaint is one thing to say of failures.
type complaint struct {
	at     path.Path
	detail string
}

// complaints say what went wrong, each at its secret, except that what every
// secret meets is said once.
func (f failures) complaints() []complaint {
	shared, own := f.split(func(err error) bool {
		return errors.Is(err, errNotReached) || (meetsAll(err) && !mayHaveWritten(err))
	})
	var all []complaint
	for _, name := range slices.Sorted(maps.Keys(own)) {
		err := own[name]
		c := complaint{atSecret(name), sentence(err.Error())}
		switch {
		case errors.Is(err, secrets.ErrNotOwner):
			c.detail += adoptAdvice
		case errors.Is(err, secrets.ErrInvalid):
			c.at = c.at.AtName("value_wo")
		}
		all = append(all, c)
	}
	if len(shared) == 0 {
		return all
	}
	names := slices.Sorted(maps.Keys(shared))
	reason := errNotReached
	if i := slices.IndexFunc(names, func(name string) bool { return !errors.Is(shared[name], errNotReached) }); i >= 0 {
		reason = shared[names[i]]
	}
	return append(all, complaint{path.Root("secrets"), sentence(reason.Error()) + "\n\nNot done: " + strings.Join(names, ", ") + "."})
}

// fail makes each complaint an error.
func (f failures) fail(diagnostics *diag.Diagnostics, attempted string) {
	for _, c := range f.complaints() {
		diagnostics.AddAttributeError(c.at, attempted, c.detail)
	}
}

// warn makes all complaints one warning.
func (f failures) warn(diagnostics *diag.Diagnostics, summary string) {
	var details []string
	for _, c := range f.complaints() {
		details = append(details, c.detail)
	}
	warnOnce(diagnostics, summary, details)
}

// warnOnce says all details in one warning: of several with one summary, Terraform
// shows the first and counts the others.
func warnOnce(diagnostics *diag.Diagnostics, summary string, details []string) {
	if len(details) > 0 {
		diagnostics.AddAttributeWarning(path.Root("secrets"), summary, strings.Join(details, "\n\n"))
	}
}
