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
func meetsAll(err error) bool { return secrets.AffectsAll(err) || errors.Is(err, secrets.ErrLacking) }

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

// report says what went wrong, each at its secret, except that what every secret
// meets is said once. add is AddAttributeError or AddAttributeWarning.
func (f failures) report(add func(at path.Path, summary, detail string), attempted string) {
	shared, own := f.split(func(err error) bool {
		return errors.Is(err, errNotReached) || (meetsAll(err) && !mayHaveWritten(err))
	})
	for _, name := range slices.Sorted(maps.Keys(own)) {
		err := own[name]
		at, detail := atSecret(name), sentence(err.Error())
		switch {
		case errors.Is(err, secrets.ErrHeld):
			detail += adoptAdvice
		case errors.Is(err, secrets.ErrInvalid):
			at = at.AtName("value_wo")
		}
		add(at, attempted, detail)
	}
	if len(shared) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(shared))
	reason := errNotReached
	if i := slices.IndexFunc(names, func(name string) bool { return !errors.Is(shared[name], errNotReached) }); i >= 0 {
		reason = shared[names[i]]
	}
	add(path.Root("secrets"), attempted, sentence(reason.Error())+"\n\nNot done: "+strings.Join(names, ", ")+".")
}

// warn is report for what is no error although it failed.
func (f failures) warn(diagnostics *diag.Diagnostics, attempted string) {
	f.report(diagnostics.AddAttributeWarning, attempted)
}

// fail is report for errors.
func (f failures) fail(diagnostics *diag.Diagnostics, attempted string) {
	f.report(diagnostics.AddAttributeError, attempted)
}
