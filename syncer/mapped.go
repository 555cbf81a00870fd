// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// manifest reads a file by the format it has in this source.
func (s *source) manifest(path string, data []byte) (*sopsfile.Manifest, error) {
	m, err := s.Mapping(path)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return sopsfile.Verify(path, data)
	}
	return sopsfile.VerifyMapped(path, data, sopsfile.Mapping{Workflow: m.Workflow, Secret: m.Secret})
}
