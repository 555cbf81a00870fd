// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// TransportError describes why there was no answer. It omits the URL, whose path may
// be a credential, and what a server sent in place of HTTP, which may repeat one.
func TransportError(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		if u.Timeout() {
			return errors.New("the request timed out")
		}
		err = u.Err
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("the request failed: %w", network)
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("the server's certificate is not trusted: %w", certificate.Err)
	}
	return errors.New("the server's answer is not HTTP")
}
