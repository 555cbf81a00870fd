// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// headerName is a token of RFC 9110, 5.6.2.
var headerName = lazyregexp.New("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$")

// ownHeaders are set by the client itself.
var ownHeaders = []string{"Connection", "Content-Length", "Content-Type", "Host", "Transfer-Encoding", "User-Agent"}

// checkHeaders rejects headers of Vault or of the client, and invalid ones. The error
// does not quote a value: it can be a credential.
func checkHeaders(headers map[string]string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		switch canonical := http.CanonicalHeaderKey(name); {
		case !headerName.MatchString(name):
			errs = append(errs, fmt.Errorf("%q is not a valid name of an HTTP header", name))
		case strings.HasPrefix(canonical, "X-Vault-"):
			errs = append(errs, fmt.Errorf("the header %s is reserved for Vault", name))
		case slices.Contains(ownHeaders, canonical):
			errs = append(errs, fmt.Errorf("the header %s is set by the client itself", name))
		case strings.ContainsFunc(headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }):
			errs = append(errs, fmt.Errorf("invalid value of the header %s: must be one line of printable ASCII characters", name))
		}
	}
	return errors.Join(errs...)
}

// headersOf returns the headers of every request.
func headersOf(configured map[string]string) http.Header {
	out := http.Header{api.RequestHeaderName: {"true"}}
	for name, value := range configured {
		out.Set(name, value)
	}
	return out
}
