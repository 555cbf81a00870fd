// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/faulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

const faultValue = "c4n4ry"

// pageOperation is a change that a person makes on the page.
type pageOperation struct {
	name string
	// before prepares the secret or connection, on the page.
	before func(p *faultPage)
	// form is where the form is, and what the person enters.
	form    string
	entered url.Values
	// done are the page and its text after the change.
	done func(p *faultPage) bool
}

// faultPage is the session of a person who may do everything.
type faultPage struct {
	*world
	*browser
	secret string
}

func newFaultPage(t *testing.T) *faultPage {
	t.Helper()
	w := newWorld(t, nil)
	p := &faultPage{world: w, browser: w.logIn(t, w.rules(t, policy.Administrator, nil)), secret: "/workflows/" + w.workflow + "/secrets/one"}
	w.Write(t, w.workflow, "foreign", "untouched")
	return p
}

func (p *faultPage) path(of string) string { return strings.ReplaceAll(of, "WF", p.workflow) }

// wantsLogin reports whether the session has ended.
func (r response) wantsLogin() bool { return strings.HasPrefix(r.header.Get("Location"), "/login") }

// must makes a change of the preparation.
func (p *faultPage) must(form string, entered url.Values) {
	p.t.Helper()
	if r := p.try(form, entered); r.status != http.StatusSeeOther {
		p.t.Fatalf("%s: %d\n%s", form, r.status, r.main())
	}
}

// try opens a form, and sends it with what the person enters.
func (p *faultPage) try(form string, entered url.Values) response {
	p.t.Helper()
	opened := p.get(p.path(form))
	if opened.status != http.StatusOK {
		return opened
	}
	return p.post(p.path(form), p.filled(opened, entered))
}

func (p *faultPage) filled(opened response, entered url.Values) url.Values {
	fields := hiddenFields(opened)
	for name, values := range entered {
		fields[name] = values
	}
	return fields
}

func (p *faultPage) reads(want string) bool {
	got, _ := p.ReadAs(p.t, p.RootToken, p.workflow, "one")
	return got == want
}

func pageOperations() []pageOperation {
	const add, secret = "/workflows/WF/add", "/workflows/WF/secrets/one"
	entered := func(value string) url.Values { return url.Values{"name": {"one"}, "value": {value}} }
	one := func(p *faultPage) { p.must(add, entered(faultValue+" 1")) }
	fields := func(value string) url.Values {
		return url.Values{"type": {"custom"}, "name": {"main"}, "field.a": {value}}
	}
	body := func(want string) func(p *faultPage) bool {
		return func(p *faultPage) bool {
			return p.Bodies(p.t, p.domain, "custom")[p.Pointer(p.t, p.domain, "custom", "main")]["a"] == want
		}
	}
	return []pageOperation{
		{name: "add", form: add, entered: entered(faultValue + " 1"), done: func(p *faultPage) bool { return p.reads(faultValue + " 1") }},
		{name: "replace", before: one, form: secret + "/replace", entered: entered(faultValue + " 2"), done: func(p *faultPage) bool { return p.reads(faultValue + " 2") }},
		{name: "delete", before: one, form: secret + "/delete", done: func(p *faultPage) bool { return p.reads("") }},
		{name: "undelete", before: func(p *faultPage) {
			one(p)
			p.must(secret+"/delete", nil)
		}, form: secret + "/undelete", done: func(p *faultPage) bool { return p.reads(faultValue + " 1") }},
		{name: "add a connection", form: "/connections/add", entered: fields(faultValue + " 1"), done: body(faultValue + " 1")},
		{
			name: "replace a connection", before: func(p *faultPage) { p.must("/connections/add", fields(faultValue+" 1")) },
			form: "/connections/custom/main/replace", entered: fields(faultValue + " 2"), done: body(faultValue + " 2"),
		},
	}
}

// TestEachFaultOfAChangeOnThePageIsShown: the page answers with a status and a message, a second try
// has what the person wants, and a form that is sent twice writes once.
func TestEachFaultOfAChangeOnThePageIsShown(t *testing.T) {
	t.Parallel()
	for _, op := range pageOperations() {
		faulttest.Each(t, op.name, op.count(t), func(t *testing.T, f faulttest.Fault) {
			p := op.start(t)
			p.proxy.Hook(f.Hook)
			r := p.try(op.form, op.entered)
			p.proxy.Hook(nil)
			p.answered(r)
			op.converges(p, r)
			p.proxy.AssertBlind(t)
			p.proxy.AssertCheckAndSet(t)
			if got, _ := p.ReadAs(t, p.RootToken, p.workflow, "foreign"); got != "untouched" {
				t.Errorf("the foreign secret reads %q", got)
			}
		})
	}
}

func (o pageOperation) start(t *testing.T) *faultPage {
	t.Helper()
	p := newFaultPage(t)
	if o.before != nil {
		o.before(p)
	}
	p.proxy.Reset()
	return p
}

// count is the number of requests without a fault. The same form sent again writes nothing.
func (o pageOperation) count(t *testing.T) int {
	t.Helper()
	p := o.start(t)
	fields := p.filled(p.get(p.path(o.form)), o.entered)
	if r := p.post(p.path(o.form), fields); r.status != http.StatusSeeOther || !o.done(p) {
		t.Fatalf("%s: %d\n%s", o.name, r.status, r.main())
	}
	n := len(p.proxy.Requests())
	p.proxy.Reset()
	if r := p.post(p.path(o.form), fields); r.status < 400 || p.writes() != 0 || !o.done(p) {
		t.Errorf("%s, the same form again: %d, %d writes\n%s", o.name, r.status, p.writes(), r.main())
	}
	return n
}

// answered checks that the page shows what happened, and no value.
func (p *faultPage) answered(r response) {
	p.t.Helper()
	switch {
	case r.status == http.StatusSeeOther:
	case r.status < 400 || strings.TrimSpace(r.main()) == "":
		p.t.Errorf("%d\n%s", r.status, r.body)
	}
	if strings.Contains(r.body, faultValue) || strings.Contains(p.log.String(), faultValue) {
		p.t.Errorf("a value is on the page or in the log: %d\n%s", r.status, r.body)
	}
}

// converges repeats the change as a person does: what the page shows as done is done, and otherwise
// the form is opened again. A secret that was written without a record is a takeover.
func (o pageOperation) converges(p *faultPage, r response) {
	p.t.Helper()
	if r.status == http.StatusSeeOther && !r.wantsLogin() {
		if !o.done(p) {
			p.t.Errorf("the page shows success, and it is not done")
		}
		return
	}
	if p.get("/").wantsLogin() { // Vault denied the token
		p.browser = p.logIn(p.t, p.rules(p.t, policy.Administrator, nil))
	}
	if again := p.try(o.form, o.entered); again.status != http.StatusSeeOther && !o.done(p) {
		p.t.Errorf("the second try: %d\n%s", again.status, again.main())
	}
	if !o.done(p) {
		p.t.Errorf("not done after a second try")
	}
}
