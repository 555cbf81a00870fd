// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPathsAreUnescapedSegmentBySegment(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]map[string]string{
		"/api/workflows/a/secrets/b":               {"workflow": "a", "secret": "b"},
		"/api/workflows/a%20b/secrets/c%3Fd%23e":   {"workflow": "a b", "secret": "c?d#e"},
		"/api/workflows/a+b/secrets/c:d":           {"workflow": "a+b", "secret": "c:d"},
		"/api/workflows/a/secrets/%2E%2E%2Fb":      {"workflow": "a", "secret": "../b"},
		"/api/workflows/../secrets/.":              {"workflow": "..", "secret": "."},
		"/api/workflows/%25/secrets/%F0%9F%98%80":  {"workflow": "%", "secret": "😀"},
		"/api/%77orkflows/a/secrets/b":             {"workflow": "a", "secret": "b"},
		"/api/workflows/{workflow}/secrets/secret": {"workflow": "{workflow}", "secret": "secret"},
	} {
		one, names, err := find(http.MethodPut, path)
		if diff := cmp.Diff(want, names); err != nil || diff != "" || one.path != "/api/workflows/{workflow}/secrets/{secret}" {
			t.Errorf("%s: %s, %v\n%s", path, one.path, err, diff)
		}
	}
}

func TestUnknownPathsAndMethodsAreErrors(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /api":                                "404",
		"GET /api/":                               "404",
		"GET /api/workflows":                      "404",
		"GET /api/workflows/":                     "404",
		"GET /api/workflows//secrets":             "404",
		"GET /api/workflows/a/":                   "404",
		"GET /api/workflows/a/secrets/":           "404",
		"GET /api/workflows/tokens/x":             "404",
		"GET /api/workflows/a/secrets/b/c":        "404",
		"GET /api/workflows/a%2Fsecrets":          "200",
		"GET /api/workflows/a/../../tokens":       "404",
		"GET /api/workflows/a/secrets/b":          "405 DELETE, PUT",
		"OPTIONS /api/workflows/a/secrets":        "405 GET, POST",
		"HEAD /api/views/workflows":               "405 GET",
		"PATCH /api/connections/aws:b":            "405 DELETE, GET, PUT",
		"POST /api/workflows/a/revisions/secrets": "405 GET",
	} {
		verb, path, _ := strings.Cut(request, " ")
		status, got := "200", ""
		if _, _, err := find(verb, path); err != nil {
			e := failureOf(err)
			status = map[int]string{http.StatusNotFound: "404", http.StatusMethodNotAllowed: "405"}[e.kind.status]
			got = strings.Join(e.allow, ", ")
		}
		if strings.TrimSpace(status+" "+got) != want {
			t.Errorf("%s: %s %s, want %s", request, status, got, want)
		}
	}
}

func TestBearerIsOneToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		want   string
	}{
		"a token":                     {http.Header{"Authorization": {"Bearer hvs.CAES-_~+/="}}, "hvs.CAES-_~+/="},
		"with a cookie":               {http.Header{"Authorization": {"bearer t"}, "Cookie": {"a=b"}}, "t"},
		"nothing":                     {http.Header{}, ""},
		"a cookie alone":              {http.Header{"Cookie": {"__Host-session=hunter2"}}, ""},
		"Relay, logged out":           {http.Header{"Authorization": {"Bearer <nil>"}}, ""},
		"no token":                    {http.Header{"Authorization": {"Bearer "}}, ""},
		"two words":                   {http.Header{"Authorization": {"Bearer hunter2 x"}}, ""},
		"another scheme":              {http.Header{"Authorization": {"Basic hunter2"}}, ""},
		"two headers":                 {http.Header{"Authorization": {"Bearer hunter2", "Bearer x"}}, ""},
		"a line break":                {http.Header{"Authorization": {"Bearer hunter2\nx"}}, ""},
		"too long":                    {http.Header{"Authorization": {"Bearer " + strings.Repeat("a", maxTokenBytes+1)}}, ""},
		"the token of Vault's header": {http.Header{"X-Vault-Token": {"hunter2"}}, ""},
	} {
		got, err := bearer(c.header)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err != nil && (failureOf(err).kind != authentication || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "Hint: ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := bearer(http.Header{"Cookie": {"a=b"}})
	if err == nil || !strings.Contains(err.Error(), "reads no cookies") {
		t.Errorf("a cookie alone: %v", err)
	}
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	u := newUnderWay()
	var ends []func()
	begin := func(token string) bool {
		end, ok := u.begin(token)
		if ok {
			ends = append(ends, end)
		}
		return ok
	}
	for i := range maxPerToken {
		if !begin("a") {
			t.Fatalf("request %d of a token was refused", i)
		}
	}
	if begin("a") || !begin("b") {
		t.Error("the limit is not that of one token")
	}
	for i := len(ends); i < maxRequests; i++ {
		if !begin(fmt.Sprint(i)) {
			t.Fatalf("request %d of all was refused", i)
		}
	}
	if begin("c") {
		t.Error("more requests than the limit")
	}
	for _, end := range ends {
		end()
	}
	if !begin("a") || u.all != 1 || len(u.byToken) != 1 {
		t.Errorf("after all ended: %d under way, %d tokens", u.all, len(u.byToken))
	}
}
