// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is one operation of the API.
type route struct {
	method string
	// path is as in the OpenAPI document: segments, with names in braces for what varies.
	path string
	// status is that of a success.
	status int
	do     func(*call) (any, error)
}

// routes are all operations that need a token.
var routes = []route{
	{http.MethodGet, "/api/views/workflows", http.StatusOK, (*call).viewWorkflows},
	{http.MethodGet, "/api/workflows/{workflow}", http.StatusOK, (*call).getWorkflow},
	{http.MethodGet, "/api/workflows/{workflow}/revisions/{revision}", http.StatusOK, (*call).getRevision},
	{http.MethodGet, "/api/workflows/{workflow}/secrets", http.StatusOK, (*call).listSecrets},
	{http.MethodPost, "/api/workflows/{workflow}/secrets", http.StatusCreated, (*call).createSecret},
	{http.MethodPut, "/api/workflows/{workflow}/secrets/{secret}", http.StatusOK, (*call).replaceSecret},
	{http.MethodDelete, "/api/workflows/{workflow}/secrets/{secret}", http.StatusOK, (*call).deleteSecret},
	{http.MethodGet, "/api/connections", http.StatusOK, (*call).listConnections},
	{http.MethodPost, "/api/connections", http.StatusCreated, (*call).createConnection},
	{http.MethodGet, "/api/connections/{connection}", http.StatusOK, (*call).getConnection},
	{http.MethodPut, "/api/connections/{connection}", http.StatusOK, (*call).replaceConnection},
	{http.MethodDelete, "/api/connections/{connection}", http.StatusOK, (*call).deleteConnection},
}

// find returns the operation of a request, and what varies in its path. Segments are
// unescaped one by one, so %2F is a part of a name, which then is invalid, and + is a plus.
// The error is a *failure. Pure.
func find(verb, escapedPath string) (route, map[string]string, error) {
	var allowed []string
	for _, one := range routes {
		names, matches := one.match(escapedPath)
		switch {
		case matches && one.method == verb:
			return one, names, nil
		case matches:
			allowed = append(allowed, one.method)
		}
	}
	if len(allowed) == 0 {
		return route{}, nil, failed(notFound, "not found: no operation of this API has this path\nHint: GET "+documentPath+" lists all operations")
	}
	slices.Sort(allowed)
	return route{}, nil, &failure{kind: methodNotAllowed, text: "method not allowed: this path has " + strings.Join(allowed, ", "), allow: allowed}
}

// match compares a path with that of the route.
func (o route) match(escapedPath string) (names map[string]string, matches bool) {
	want, sent := strings.Split(o.path, "/"), strings.Split(escapedPath, "/")
	if len(want) != len(sent) {
		return nil, false
	}
	names = map[string]string{}
	for i, segment := range want {
		text, err := url.PathUnescape(sent[i])
		if err != nil {
			return nil, false
		}
		if name, varies := strings.CutPrefix(segment, "{"); varies && text != "" {
			names[strings.TrimSuffix(name, "}")] = text
		} else if text != segment {
			return nil, false
		}
	}
	return names, true
}
