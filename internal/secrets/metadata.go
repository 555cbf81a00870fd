// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"maps"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// maxMetadataAttempts is how often an update of metadata is sent while other writers
// change the metadata in between.
const maxMetadataAttempts = 8

// patchMetadata updates metadata, whatever other writers change in it meanwhile.
func (c *Client) patchMetadata(ctx context.Context, a Address, fields map[string]any) (err error) {
	for range maxMetadataAttempts {
		if err = c.patchOnce(ctx, a, fields); !errors.Is(err, kv.ErrMetadataCAS) {
			return err
		}
	}
	return err
}

// patchOnce updates metadata. OpenBao counts the changes of metadata, and can require that
// an update names the count (metadata_cas_required): the client sends the count where it
// knows it. After a mismatch it reads the count, and returns kv.ErrMetadataCAS unless the
// metadata is already as wanted: the caller decides whether to send the update again.
func (c *Client) patchOnce(ctx context.Context, a Address, fields map[string]any) error {
	update := maps.Clone(fields)
	count, counted := c.metadataCount(a)
	if counted {
		update["metadata_cas"] = count
	}
	err := c.kv.PatchMetadata(ctx, entryOf(a), update)
	if err == nil && counted {
		c.setMetadataCount(a, count+1)
	}
	if !errors.Is(err, kv.ErrMetadataCAS) {
		return err
	}
	now, readErr := c.kv.ReadMetadata(ctx, entryOf(a))
	if readErr != nil {
		return readErr
	}
	if now.CurrentMetadataVersion != nil {
		c.setMetadataCount(a, *now.CurrentMetadataVersion)
	}
	if updated(now, fields) {
		return nil
	}
	return err
}

// updated reports whether metadata already has the wanted fields, all of which are custom
// metadata: an update whose answer was lost.
func updated(now kv.Metadata, fields map[string]any) bool {
	custom, ok := fields["custom_metadata"].(map[string]any)
	if !ok || len(fields) != 1 {
		return false
	}
	for key, want := range custom {
		if got, exists := now.CustomMetadata[key]; want == nil && exists || want != nil && got != want {
			return false
		}
	}
	return true
}

// createMetadata creates an entry with metadata.
func (c *Client) createMetadata(ctx context.Context, a Address, fields map[string]any) error {
	err := c.kv.CreateMetadata(ctx, entryOf(a), fields)
	if errors.Is(err, kv.ErrMetadataCAS) {
		create := maps.Clone(fields)
		create["metadata_cas"] = 0
		err = c.kv.CreateMetadata(ctx, entryOf(a), create)
	}
	return err
}

func (c *Client) metadataCount(a Address) (count int, known bool) {
	stored, known := c.metadataCounts.Load(a)
	count, _ = stored.(int)
	return count, known
}

func (c *Client) setMetadataCount(a Address, count int) { c.metadataCounts.Store(a, count) }
