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

// statusPerformanceStandby is how Vault's health endpoint names a performance standby; a load
// balancer can pass it on.
const statusPerformanceStandby = 473

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
	if errors.Is(err, context.Canceled) { // also while it connects
		out.Cause = kv.ErrCanceled
	} else if cause := connectionCause(err); cause != nil {
		out.Op, out.Path, out.Cause = "connect to", c.api.Address(), cause
	} else if undecodable(err) {
		out.Cause = kv.ErrMalformed
	}
	return out
}

// undecodable reports whether a body was complete and is not what it should be.
func undecodable(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	return syntax || kind || errors.Is(err, errNotVaults)
}

// connectionCause is why there was no connection to Vault, nil if there was one.
func connectionCause(err error) error {
	network, isNetwork := errors.AsType[*net.OpError](err)
	_, isLookup := errors.AsType[*net.DNSError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, refused := errors.AsType[*httpclient.ProxyError](err)
	switch {
	case refused, isNetwork && network.Op == "proxyconnect":
		return kv.ErrProxyUnreachable
	case isLookup:
		return kv.ErrHostNotFound
	case isNetwork && network.Op == "dial":
		return kv.ErrUnreachable
	case errors.Is(err, http.ErrSchemeMismatch):
		return kv.ErrNotTLS
	case host:
		return kv.ErrTLSName
	case invalid:
		return kv.ErrTLSInvalid
	case authority:
		return kv.ErrTLS
	}
	return nil
}

// causeOf is the cause of an error response. Vault's own has a JSON list of errors, which
// is empty only for an entry that does not exist; the body of that 404 can be empty, too.
func causeOf(response *api.ResponseError) error {
	contains := func(text string) bool {
		return slices.ContainsFunc(response.Errors, func(line string) bool { return strings.Contains(line, text) })
	}
	vaults := !response.RawError && response.Errors != nil
	empty := response.RawError && strings.TrimSpace(strings.Join(response.Errors, "")) == ""
	switch status := response.StatusCode; status {
	case http.StatusBadRequest:
		switch {
		case contains("metadata check-and-set parameter"):
			return kv.ErrMetadataCAS
		case contains("check-and-set parameter did not match"):
			return kv.ErrCASMismatch
		case !vaults && (contains("HTTP request to an HTTPS server") || contains("HTTP request was sent to HTTPS port")):
			return kv.ErrNeedsTLS
		}
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		if !vaults {
			return kv.ErrProxyDenied
		}
	case http.StatusForbidden:
		switch {
		case !vaults:
			return kv.ErrProxyDenied
		case contains("invalid token"), contains("bad token"):
			return kv.ErrInvalidToken
		}
		return kv.ErrPermissionDenied
	case http.StatusNotFound:
		switch {
		case contains("no handler for route"):
			return kv.ErrNoMount
		case vaults, empty:
			return kv.ErrNotFound
		}
		return kv.ErrMalformed
	case http.StatusMethodNotAllowed:
		if vaults {
			return kv.ErrUnsupported
		}
		return kv.ErrProxyDenied
	case http.StatusTooManyRequests:
		return kv.ErrRateLimited
	case http.StatusPreconditionFailed, statusPerformanceStandby:
		return kv.ErrUnavailable
	case http.StatusServiceUnavailable:
		if contains("Vault is sealed") {
			return kv.ErrSealed
		}
	}
	if kv.AnswerLost(response.StatusCode) {
		return kv.ErrUnavailable
	}
	return kv.ErrRejected
}
