// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
)

// dataSourceBase is what all data sources have in common.
type dataSourceBase struct {
	// backend is nil while the provider is not configured.
	backend *backend
}

// Configure takes the backend from the provider.
func (d *dataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		d.backend = ready
	}
}
