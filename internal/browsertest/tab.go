// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	// wide and narrow are the widths of a usual window and a phone, in CSS pixels.
	wide   = 1280
	narrow = 390
	height = 900

	// limit is for one step; a busy machine can need seconds.
	limit = 30 * time.Second
)

// Tab is a tab of a browser. Its methods fail the test if the page does not have what they use.
// An error of a script or of the content security policy fails the test at its end.
type Tab struct {
	t   testing.TB
	ctx context.Context

	lock     sync.Mutex
	status   int64
	messages []string
}

// New returns a tab in a new browser context.
func New(t testing.TB) *Tab {
	t.Helper()
	return newTab(t, start(t).ctx, chromedp.WithNewBrowserContext())
}

// NewTab returns another tab of the same browser context, which shares cookies with the first.
func (b *Tab) NewTab() *Tab {
	b.t.Helper()
	return newTab(b.t, b.ctx)
}

func newTab(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	b := &Tab{t: t}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(b.listen))...)
	t.Cleanup(func() {
		cancel()
		b.lock.Lock()
		defer b.lock.Unlock()
		for _, message := range b.messages {
			t.Errorf("the browser reports: %s", message)
		}
	})
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	b.Width(wide)
	return b
}

// listen collects errors of scripts and of the content security policy.
func (b *Tab) listen(event any) {
	b.lock.Lock()
	defer b.lock.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		b.messages = append(b.messages, event.ExceptionDetails.Text+" "+event.ExceptionDetails.URL)
	case *log.EventEntryAdded:
		// A page of a problem is a network error here; its status is for the test to assert.
		if event.Entry.Level == log.EntryLevelError && event.Entry.Source != log.EntrySourceNetwork {
			b.messages = append(b.messages, event.Entry.Text)
		}
	}
}

// ExpectMessage removes the reports of the browser that contain the text, and fails the test if it
// has none.
func (b *Tab) ExpectMessage(text string) {
	b.t.Helper()
	b.lock.Lock()
	defer b.lock.Unlock()
	before := len(b.messages)
	b.messages = slices.DeleteFunc(b.messages, func(message string) bool { return strings.Contains(message, text) })
	if len(b.messages) == before {
		b.t.Errorf("the browser reports no %q", text)
	}
}

// do runs steps within the limit.
func (b *Tab) do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// load runs steps that load a page, and waits for the page.
func (b *Tab) load(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.fatalf("%s: no page loaded: %v", what, err)
	}
	b.status = 0
	if response != nil {
		b.status = response.Status
	}
}

// evaluate returns the value of an expression, or of its promise. The page's content security policy
// does not concern it.
func evaluate[T any](b *Tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fatalf("evaluate a script: %v", err)
	}
	return value
}

// fatalf fails the test, and adds what a person would see.
func (b *Tab) fatalf(format string, args ...any) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.location + "\n" + document.body.innerText`))
	if err != nil {
		seen = err.Error()
	}
	b.t.Fatalf(format+"\nThe page is: %.4000s", append(args, seen)...)
}

// Width sets the width of the window, in CSS pixels.
func (b *Tab) Width(width int64) {
	b.t.Helper()
	if err := b.do(chromedp.EmulateViewport(width, height)); err != nil {
		b.fatalf("set the width to %d: %v", width, err)
	}
}

// Dark switches between the person's preferences for dark and light.
func (b *Tab) Dark(dark bool) {
	b.t.Helper()
	scheme := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "light"}
	if dark {
		scheme.Value = "dark"
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{scheme}})
}

// Scripts switches the scripts of pages on, as they are in a new tab, or off.
func (b *Tab) Scripts(on bool) {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// call sends one command to the browser.
func call[P, R any](b *Tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.fatalf("%s: %v", command.Method, err)
	}
	return result
}
