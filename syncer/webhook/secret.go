// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"fmt"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// newFileCheck is newCheck with the secret that the file has at each delivery. If the file
// was replaced and cannot be used, the last secret stays valid, and warn gets the cause once.
func newFileCheck(provider Provider, path string, warn func(text string)) (check, error) {
	read := func() (check, error) { return newCheck(provider, path) }
	current, err := conffile.NewReloaded(read, func(err error) {
		if err != nil {
			warn(fmt.Sprintf("webhook secret cannot be used, the previous one stays in use: %v. Hint: write a secret as the git host has it; the next delivery reads it again", err))
		}
	}, path)
	if err != nil {
		return nil, err
	}
	return func(header http.Header) verifier { return current.Get()(header) }, nil
}
