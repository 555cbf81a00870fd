// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestCanceledCallerDoesNotFailOthers: the cause that a caller gets is its own, never the
// end of the caller that asked first.
func TestCanceledCallerDoesNotFailOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			m     memo[string, int]
			asked int
		)
		ask := func(ctx context.Context) (int, error) {
			return m.ask(ctx, "mount", func(ctx context.Context) (int, error) {
				if asked++; asked == 1 {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				return 42, nil
			})
		}
		type result struct {
			answer int
			err    error
		}
		run := func(ctx context.Context) chan result {
			done := make(chan result, 1)
			go func() { answer, err := ask(ctx); done <- result{answer, err} }()
			synctest.Wait()
			return done
		}
		first, end := context.WithCancel(t.Context())
		impatient, leave := context.WithCancel(t.Context())
		asking, waiting, leaving := run(first), run(t.Context()), run(impatient)
		leave()
		if got := <-leaving; !errors.Is(got.err, context.Canceled) {
			t.Errorf("a caller that stops waiting: %+v", got)
		}
		end()
		if got := <-asking; !errors.Is(got.err, context.Canceled) {
			t.Errorf("the first caller: %+v", got)
		}
		if got := <-waiting; got.err != nil || got.answer != 42 {
			t.Errorf("the other caller: %+v", got)
		}
		if got := <-run(t.Context()); got.answer != 42 || asked != 2 {
			t.Errorf("a later caller: %+v, asked %d times", got, asked)
		}
	})
}

func TestFailureIsSharedButNotKept(t *testing.T) {
	t.Parallel()
	var m memo[string, int]
	failure := errors.New("denied")
	for want := 1; want <= 2; want++ {
		_, err := m.ask(t.Context(), "x", func(context.Context) (int, error) { return 0, failure })
		if !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	}
	m.set("x", 7)
	if got, err := m.ask(t.Context(), "x", func(context.Context) (int, error) { return 0, failure }); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}
