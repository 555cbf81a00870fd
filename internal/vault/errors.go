// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// newError converts an error of the api library. It is the only place that maps a
// status to a cause.
func (c *Client) newError(op, path string, err error) *kv.Error {
	out := &kv.Error{Op: op, Path: path, Cause: kv.ErrUnavailable}
	if response, ok := errors.AsType[*api.ResponseError](err); ok {
		out.Status = response.StatusCode
		out.Cause = causeOf(response)
		return out
	}
	if redirect, ok := errors.AsType[*httpclient.RedirectError](err); ok {
		// The server that redirects has not executed the request.
		out.Status, out.Cause = redirect.Status, redirect
		return out
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		out.Path, out.Cause = c.api.Address(), kv.ErrUnreachable
	} else if isTLS(err) {
		out.Path, out.Cause = c.api.Address(), kv.ErrTLS
	} else if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		out.Cause = kv.ErrMalformed
	} else if errors.Is(err, context.Canceled) {
		out.Cause = context.Canceled
	}
	return out
}

func causeOf(response *api.ResponseError) error {
	contains := func(text string) bool {
		return slices.ContainsFunc(response.Errors, func(line string) bool { return strings.Contains(line, text) })
	}
	switch status := response.StatusCode; {
	case status == http.StatusBadRequest && contains("check-and-set parameter did not match"):
		return kv.ErrCASMismatch
	case status == http.StatusForbidden && contains("invalid token"), status == http.StatusForbidden && contains("bad token"):
		return kv.ErrInvalidToken
	case status == http.StatusForbidden:
		return kv.ErrPermissionDenied
	case status == http.StatusNotFound && contains("no handler for route"):
		return kv.ErrNoMount
	case status == http.StatusNotFound && response.RawError:
		return kv.ErrMalformed
	case status == http.StatusNotFound:
		return kv.ErrNotFound
	case status == http.StatusTooManyRequests:
		return kv.ErrRateLimited
	case status == http.StatusServiceUnavailable && contains("Vault is sealed"):
		return kv.ErrSealed
	case kv.AnswerLost(status):
		return kv.ErrUnavailable
	case status >= 400 && status < 500:
		return kv.ErrRejected
	}
	return kv.ErrUnavailable
}

func isTLS(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return authority || host || invalid
}
