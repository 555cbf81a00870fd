// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// may is an action of the page or of the API, which a test tries with each role.
type may struct {
	name string
	// page has a button for the action, a link to the href; empty for a call of the API.
	page, href string
	// try makes the change, which is possible for the person but for the rights.
	try request
}

// roleWorld is a page with what the actions of may change, all owned by one person.
type roleWorld struct {
	*world
	daemon         *fakeDaemon
	name, password string
	b              *browser
	token          string
	// forms are the hidden fields of the pages to change something, by path.
	forms map[string]string
}

// mays are all actions.
func (x *roleWorld) mays() []may {
	page, api := "/workflows/"+x.workflow, "/api/workflows/"+x.workflow+"/secrets"
	form := func(path, fields string) request {
		return request{method: http.MethodPost, path: path, body: fields + "&" + x.forms[path]}
	}
	call := func(method, path, body string) request {
		return request{method: method, path: path, body: body, header: map[string]string{"Authorization": "Bearer " + x.token, "Content-Type": "application/json"}}
	}
	const login = `"auth":{"type":"secret","fields":{"a":"v2"}}`
	return []may{
		{"add", page, page + "/add", form(page+"/add", "name=new&value=v")},
		{"replace", page, page + "/secrets/replaced/replace", form(page+"/secrets/replaced/replace", "value=v2")},
		{"delete", page, page + "/secrets/deleted/delete", form(page+"/secrets/deleted/delete", "")},
		{"undelete", page, page + "/secrets/undeleted/undelete", form(page+"/secrets/undeleted/undelete", "")},
		{"add connection", "/connections", "/connections/add", form("/connections/add", "type=custom&name=new&field.a=v")},
		{"replace connection", "/connections", "/connections/custom/replaced/replace", form("/connections/custom/replaced/replace", "field.a=v2")},
		{"delete connection", "/connections", "/connections/custom/deleted/delete", form("/connections/custom/deleted/delete", "")},
		{"approve", "/sources", "/sources/shop/approve", form("/sources/shop/approve", "reason=r&plan="+x.daemon.status.Sources[0].PlanID)},
		{"add for a team", "", "", form(page+"/add", "name=team&value=v&team=shop")},
		{"API create", "", "", call(http.MethodPost, api, `{"name":"api new","value":"v"}`)},
		{"API replace", "", "", call(http.MethodPut, api+"/api%20replaced", `{"value":"v2"}`)},
		{"API delete", "", "", call(http.MethodDelete, api+"/api%20deleted", "")},
		{"API create connection", "", "", call(http.MethodPost, "/api/connections", `{"name":"api new","type":"custom",`+login+`}`)},
		{"API replace connection", "", "", call(http.MethodPut, "/api/connections/custom:api%20replaced", `{`+login+`}`)},
		{"API delete connection", "", "", call(http.MethodDelete, "/api/connections/custom:api%20deleted", "")},
	}
}

// hiddenField is a field of a form of a change.
var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// newRoleWorld prepares everything as a person with all rights.
func newRoleWorld(t *testing.T, w *world, d *fakeDaemon) *roleWorld {
	t.Helper()
	x := &roleWorld{world: w, daemon: d, b: w.browser(t), forms: map[string]string{}}
	x.name, x.password = w.PersonLogin(t, w.rules(t, policy.Administrator, nil))
	x.b.begin(x.name, x.password)
	status, answer := w.Call(t, "", http.MethodPost, "auth/userpass/login/"+x.name, map[string]any{"password": x.password})
	if status != http.StatusOK {
		t.Fatal(answer)
	}
	x.token = answer["auth"].(map[string]any)["client_token"].(string)
	want := func(r response, status int) {
		t.Helper()
		if r.status != status {
			t.Fatalf("prepare: %d\n%s", r.status, r.main())
		}
	}
	page := "/workflows/" + w.workflow
	for _, name := range []string{"replaced", "deleted", "undeleted", "api replaced", "api deleted"} {
		want(x.b.post(page+"/add", url.Values{"name": {name}, "value": {"v"}}), http.StatusSeeOther)
		if name != "undeleted" {
			want(x.b.post("/connections/add", url.Values{"type": {"custom"}, "name": {name}, "field.a": {"v"}}), http.StatusSeeOther)
		}
	}
	x.readForm(t, page+"/secrets/undeleted/delete")
	want(x.b.attack(request{method: http.MethodPost, path: page + "/secrets/undeleted/delete", body: x.forms[page+"/secrets/undeleted/delete"]}), http.StatusSeeOther)
	for _, path := range []string{page + "/secrets/replaced/replace", page + "/secrets/deleted/delete", page + "/secrets/undeleted/undelete", "/connections/custom/replaced/replace", "/connections/custom/deleted/delete"} {
		x.readForm(t, path)
	}
	return x
}

func (x *roleWorld) readForm(t *testing.T, path string) {
	t.Helper()
	r := x.b.get(path)
	fields := hiddenFields(r)
	if fields.Get("seen_version") == "" || fields.Get("takeover") != "" {
		t.Fatalf("%s: %d: %v\n%s", path, r.status, fields, r.main())
	}
	x.forms[path] = fields.Encode()
}

// hiddenFields are those of the form in a page.
func hiddenFields(r response) url.Values {
	fields := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(r.body, -1) {
		fields.Set(field[1], html.UnescapeString(field[2]))
	}
	return fields
}

// line is a line of a policy in an answer.
var line = regexp.MustCompile(`path "[^"]+" +\{ capabilities = \[[^\]]+\] \}`)

// needed are the lines of policy in an answer, of a page or of the API.
func (r response) needed() []string {
	text := html.UnescapeString(r.body)
	return line.FindAllString(strings.ReplaceAll(text, `\"`, `"`), -1)
}

// roles are the actions that each role may do.
func roles() map[string][]string {
	secrets := []string{"add", "replace", "delete", "API create", "API replace", "API delete"}
	connections := []string{"add connection", "replace connection", "delete connection", "API create connection", "API replace connection", "API delete connection"}
	return map[string][]string{
		"viewer": {}, "operator": secrets, "approver": slices.Concat(secrets, []string{"approve"}),
		"administrator": slices.Concat(secrets, connections, []string{"undelete"}), "writer": slices.Concat(secrets, connections),
		"controller": slices.Concat(secrets, connections), "reader": {}, "tidy": {}, "": {},
		"operator in a team": append(slices.Clone(secrets), "add for a team"),
	}
}

// rulesOf are the rules of a role, none for none.
func (x *roleWorld) rulesOf(t *testing.T, name string) string {
	t.Helper()
	if name == "" {
		return `path "customers/metadata/elsewhere/*" { capabilities = ["read"] }`
	}
	name, inTeam := strings.CutSuffix(name, " in a team")
	role, err := policy.ParseRole(name)
	if err != nil {
		t.Fatal(err)
	}
	return x.rules(t, role, func(g *policy.Grant) {
		if role == policy.Approver || role == policy.Controller {
			g.Controller = "controller"
		}
		if inTeam {
			g.Team = "shop"
		}
	})
}

// TestRolesOnThePageAndTheAPI tries every action with every role: what is shown is what is possible.
// What is hidden is refused with the lines of policy that are missing, and with them it is possible.
func TestRolesOnThePageAndTheAPI(t *testing.T) {
	t.Parallel()
	for role, allowed := range roles() {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			d := &fakeDaemon{}
			w := newWorld(t, d.serve(t))
			d.knows("shop", w.workflow)
			x := newRoleWorld(t, w, d)
			rules := x.rulesOf(t, role)
			x.WritePolicy(t, x.name, rules)
			w.proxy.Reset()
			pages := map[string]string{}
			for _, one := range x.mays() {
				if one.page == "" {
					continue
				}
				if _, known := pages[one.page]; !known {
					pages[one.page] = x.b.get(one.page).body
				}
				shown := strings.Contains(pages[one.page], `href="`+one.href+`"`)
				if shown != slices.Contains(allowed, one.name) {
					t.Errorf("%s: shown: %v\n%s", one.name, shown, pages[one.page])
				}
			}
			for _, one := range x.mays() {
				x.WritePolicy(t, x.name, rules)
				x.try(t, one, rules, slices.Contains(allowed, one.name))
			}
			w.proxy.AssertBlind(t)
			w.proxy.AssertCheckAndSet(t)
		})
	}
}

// try makes a change by hand.
func (x *roleWorld) try(t *testing.T, one may, rules string, allowed bool) {
	t.Helper()
	before := x.writes()
	r := x.b.attack(one.try)
	done := r.status == http.StatusSeeOther || r.status/100 == 2
	if done != allowed {
		t.Errorf("%s: %d, allowed: %v\n%.2000s", one.name, r.status, allowed, r.body)
	}
	if done {
		return
	}
	hidden := one.name == "approve" && r.status == http.StatusNotFound // who may not see the source
	if !hidden && r.status != http.StatusForbidden || x.writes() != before {
		t.Errorf("%s: %d, %d writes\n%.2000s", one.name, r.status, x.writes()-before, r.body)
	}
	for range 4 {
		lines := r.needed()
		if len(lines) == 0 {
			if !hidden {
				t.Errorf("%s: %d has no line of policy:\n%.2000s", one.name, r.status, r.body)
			}
			return
		}
		rules = rules + "\n" + strings.Join(lines, "\n")
		x.WritePolicy(t, x.name, rules)
		if r = x.b.attack(one.try); r.status == http.StatusSeeOther || r.status/100 == 2 {
			return
		}
	}
	t.Errorf("%s: with the lines %s: %d\n%.2000s", one.name, rules, r.status, r.body)
}
