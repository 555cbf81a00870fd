// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kv

import "context"

// MetadataStore sends the requests about metadata alone: for entries that never have a
// value. The methods are those of the client in internal/vault, with its errors.
type MetadataStore interface {
	ReadMetadata(ctx context.Context, e Entry) (Metadata, error)
	PatchMetadata(ctx context.Context, e Entry, fields map[string]any) error
	CreateMetadata(ctx context.Context, e Entry, fields map[string]any) error
	DeleteMetadata(ctx context.Context, e Entry) error
	List(ctx context.Context, e Entry) ([]string, error)
}
