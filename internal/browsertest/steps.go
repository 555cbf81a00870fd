// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"context"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// Keys of the keyboard, for Press and PressAndLoad.
const (
	KeyTab    = kb.Tab
	KeyEnter  = kb.Enter
	KeyEscape = kb.Escape
	KeySpace  = " "
)

// fields are the roles of what a person fills in.
var fields = []string{"textbox", "searchbox", "combobox", "spinbutton"}

// Open loads a URL.
func (b *Tab) Open(url string) {
	b.t.Helper()
	b.load("open "+url, chromedp.Navigate(url))
}

// Reload loads the page again.
func (b *Tab) Reload() {
	b.t.Helper()
	b.load("reload", chromedp.Reload())
}

// Back goes back in the history, as the browser's button does. The browser can show the page as it was
// left, without a request. Such a page can be read; chromedp finds no element of it to use before the
// next Reload, or before the page loads itself again, which Await waits for.
func (b *Tab) Back() {
	b.t.Helper()
	history := call(b, page.GetNavigationHistory, cdp.Empty{})
	if history.CurrentIndex == 0 {
		b.fatalf("go back: this is the first page of the tab")
	}
	before := history.Entries[history.CurrentIndex-1].ID
	call(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: before})
	there := func() bool {
		ctx, cancel := context.WithTimeout(b.ctx, limit)
		defer cancel()
		now, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{}) // refused while the tab changes
		return err == nil && now.Entries[now.CurrentIndex].ID == before && b.peek("document.readyState") == "complete"
	}
	if !await.Until(limit, there) {
		b.fatalf("go back: no page loaded")
	}
	b.status = 0
}

// Await waits until the page shows a text: that of a page that loads itself again.
func (b *Tab) Await(content string) {
	b.t.Helper()
	if !await.Until(limit, func() bool { return strings.Contains(b.peek("document.body.innerText"), content) }) {
		b.fatalf("the page does not come to show %q", content)
	}
}

// peek returns the value of an expression, or "" while the tab changes from one page to another.
func (b *Tab) peek(expression string) string {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	value, _ := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	return value
}

// Click clicks the only element of this role and name, such as "checkbox", "Keep the final newline".
func (b *Tab) Click(role, name string) {
	b.t.Helper()
	b.on(&element{roles: []string{role}, name: name}, "click", chromedp.Click[string])
}

// Follow clicks the only element of this role and name, such as "link", "Settings", and waits for the page
// that it loads.
func (b *Tab) Follow(role, name string) {
	b.t.Helper()
	e := &element{roles: []string{role}, name: name}
	b.load("click "+e.String(), chromedp.Click("", e.option()))
}

// Fill replaces the text of the only field of this name. It inserts the text as a paste does, so the
// field itself decides about its line ends.
func (b *Tab) Fill(name, content string) {
	b.t.Helper()
	b.on(&element{roles: fields, name: name}, "fill in", chromedp.Focus[string])
	b.Press("a", chromedp.ModifierCtrl)
	call(b, input.InsertText, input.InsertTextParams{Text: content})
}

// Upload chooses files for the only file field of this name.
func (b *Tab) Upload(name string, files ...string) {
	b.t.Helper()
	b.on(&element{roles: []string{"button"}, name: name}, "choose a file for",
		func(selector string, options ...chromedp.QueryOption) chromedp.Action[chromedp.Void] {
			return chromedp.SetUploadFiles(selector, files, options...)
		})
}

// Choose selects an option of the only list of this name.
func (b *Tab) Choose(name, option string) {
	b.t.Helper()
	b.on(&element{roles: []string{"combobox", "listbox"}, name: name}, "choose "+option+" in", chromedp.Focus[string])
	b.Press(option)
}

// Press sends keys to the element that has the focus.
func (b *Tab) Press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	if err := b.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...))); err != nil {
		b.fatalf("press %q: %v", keys, err)
	}
}

// PressAndLoad is Press for a key that loads a page.
func (b *Tab) PressAndLoad(keys string) {
	b.t.Helper()
	b.load("press "+keys, chromedp.KeyEvent(keys))
}

// TabTo presses the tabulator until the element of this role and name has the focus.
func (b *Tab) TabTo(role, name string) {
	b.t.Helper()
	const most = 200
	var passed []string
	for range most {
		b.Press(KeyTab)
		focusedRole, focusedName := b.Focused()
		if focusedRole == role && focusedName == name {
			return
		}
		passed = append(passed, focusedRole+" "+focusedName)
	}
	slices.Sort(passed)
	b.fatalf("the tabulator does not reach %s %q, only: %s", role, name, strings.Join(slices.Compact(passed), ", "))
}

// on runs an action on an element.
func (b *Tab) on(e *element, what string, action func(string, ...chromedp.QueryOption) chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := b.do(action("", e.option())); err != nil {
		b.fatalf("%s %s: %v; the page has %d of them", what, e, err, e.found)
	}
}

// URL returns the address of the page.
func (b *Tab) URL() string {
	b.t.Helper()
	return evaluate[string](b, "document.location.href")
}

// Status returns the HTTP status of the page that was loaded last, or 0 after Back.
func (b *Tab) Status() int64 { return b.status }

// Text returns the text of the page, as a person sees it.
func (b *Tab) Text() string {
	b.t.Helper()
	return evaluate[string](b, "document.body.innerText")
}

// HTML returns the document as it is now, with what scripts have changed.
func (b *Tab) HTML() string {
	b.t.Helper()
	// Not by dom.GetDocument: it makes the ids of nodes invalid that chromedp searches below.
	document := call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
	return call(b, dom.GetOuterHTML, dom.GetOuterHTMLParams{ObjectID: document.Result.ObjectID}).OuterHTML
}

// Screenshot returns an image of the whole page, as PNG.
func (b *Tab) Screenshot() []byte {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.fatalf("make a screenshot: %v", err)
	}
	return image
}
