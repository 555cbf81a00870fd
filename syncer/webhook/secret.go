// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"net/http"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// newFileCheck is newCheck with the secret that the file has at each delivery. If the file
// was replaced and cannot be used, the last secret stays valid.
func newFileCheck(provider Provider, path string) (check, error) {
	version := conffile.VersionOf(path)
	current, err := newCheck(provider, path)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	return func(header http.Header) verifier {
		mu.Lock()
		if now := conffile.VersionOf(path); !now.Same(version) {
			if next, err := newCheck(provider, path); err == nil {
				current, version = next, now
			}
		}
		check := current
		mu.Unlock()
		return check(header)
	}, nil
}
