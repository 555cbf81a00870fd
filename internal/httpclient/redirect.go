// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects is more than a load balancer before a standby needs.
const maxRedirects = 3

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	// Status is the HTTP status of the redirect.
	Status int
	// Target is where it leads, without user and query; empty if that is not a URL.
	Target string
	cause  string
}

func (e *RedirectError) Error() string { return e.cause }

// follow sends the request to where a response redirects it, with the same method,
// headers and body, while each target is listed.
func (t *transport) follow(r *http.Request, response *http.Response) (*http.Response, error) {
	for range maxRedirects {
		if !isRedirect(response.StatusCode) {
			return response, nil
		}
		_ = response.Body.Close() // nothing in it is of use
		next, err := t.redirected(r, response)
		if err != nil {
			return nil, err
		}
		if response, err = t.send(next); err != nil {
			return nil, err
		}
	}
	if !isRedirect(response.StatusCode) {
		return response, nil
	}
	_ = response.Body.Close()
	return nil, &RedirectError{Status: response.StatusCode, cause: fmt.Sprintf("more than %d redirects", maxRedirects)}
}

func isRedirect(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusFound ||
		status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
}

func (t *transport) redirected(r *http.Request, response *http.Response) (*http.Request, error) {
	target, err := response.Location()
	if err != nil || target.Host == "" {
		return nil, &RedirectError{Status: response.StatusCode, cause: "redirect without a valid target"}
	}
	shown := url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}
	rejected := &RedirectError{Status: response.StatusCode, Target: shown.String()}
	switch {
	case target.Scheme != "https" && target.Scheme != response.Request.URL.Scheme:
		rejected.cause = "redirect from https to " + target.Scheme + ": must be https"
	case !slices.ContainsFunc(t.settings.RedirectHosts, func(listed string) bool { return sameHost(listed, target) }):
		rejected.cause = fmt.Sprintf("redirect to %q is not allowed; if that host is right, add it to %s", target.Host, t.settings.RedirectSetting)
	case !t.settings.AllowHTTP && RequireTLS(target) != nil:
		rejected.cause = "redirect to http on another machine: must be https"
	default:
		return repeated(r, target)
	}
	return nil, rejected
}

// repeated is the same request for another URL.
func repeated(r *http.Request, target *url.URL) (*http.Request, error) {
	next := r.Clone(r.Context())
	next.URL, next.Host = target, ""
	next.URL.User = nil
	if r.Body == nil || r.Body == http.NoBody {
		return next, nil
	}
	if r.GetBody == nil {
		return nil, errors.New("redirect of a request whose body cannot be sent again")
	}
	var err error
	next.Body, err = r.GetBody()
	return next, err
}

// sameHost compares a listed host with the one of a URL; a missing port is the
// scheme's own.
func sameHost(listed string, target *url.URL) bool {
	port := map[string]string{"http": ":80", "https": ":443"}[target.Scheme]
	return strings.EqualFold(strings.TrimSuffix(listed, port), strings.TrimSuffix(target.Host, port))
}
