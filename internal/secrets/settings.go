// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Limits of Vault's custom_metadata (Vault API, KV v2).
const (
	maxMetadataKeys       = 64
	maxMetadataKeyBytes   = 128
	maxMetadataValueBytes = 512
)

// Settings are the metadata of a secret besides records: how many versions Vault keeps,
// when it deletes them by itself, and labels. Labels are not encrypted.
type Settings struct {
	// MaxVersions is how many versions Vault keeps; 0 is the mount's default.
	MaxVersions int
	// DeleteVersionAfter is when a version written from now on is deleted; 0 is
	// the mount's default.
	DeleteVersionAfter time.Duration
	// Labels are custom_metadata. Keys that begin with "relay." are records, and not
	// allowed here.
	Labels map[string]string
}

// Check rejects settings that Vault would not accept. The error lists all problems and
// wraps ErrInvalid.
func (s Settings) Check() error {
	var errs []error
	if s.MaxVersions < 0 || s.MaxVersions > 10_000 {
		errs = append(errs, invalidf("max_versions is %d: must be 0 to 10000", s.MaxVersions))
	}
	if s.DeleteVersionAfter < 0 || s.DeleteVersionAfter%time.Second != 0 {
		errs = append(errs, invalidf("delete_version_after is %s: must be whole seconds, such as 720h", s.DeleteVersionAfter))
	}
	if len(s.Labels) >= maxMetadataKeys {
		errs = append(errs, invalidf("too many labels: %d, and Vault keeps %d keys of custom metadata, of which the owners' records need some", len(s.Labels), maxMetadataKeys))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		switch value := s.Labels[key]; {
		case key == "" || len(key) > maxMetadataKeyBytes:
			errs = append(errs, invalidf("label %s: the key has %d bytes: must be 1 to %d", quoteName(key), len(key), maxMetadataKeyBytes))
		case strings.HasPrefix(key, recordPrefix):
			errs = append(errs, invalidf("label %s: the prefix %q is reserved for the owners' records", quoteName(key), recordPrefix))
		case value == "" || len(value) > maxMetadataValueBytes:
			errs = append(errs, invalidf("label %s: the value has %d bytes: must be 1 to %d", quoteName(key), len(value), maxMetadataValueBytes))
		}
	}
	return errors.Join(errs...)
}

// change is the merge patch of the metadata from the observed settings to the wanted
// ones; empty if they are equal. Labels of others stay; forget are labels that this
// owner set and no longer wants.
func (s Settings) change(observed Settings, forget []string) map[string]any {
	patch := map[string]any{}
	if s.MaxVersions != observed.MaxVersions {
		patch["max_versions"] = s.MaxVersions
	}
	if s.DeleteVersionAfter != observed.DeleteVersionAfter {
		patch["delete_version_after"] = s.DeleteVersionAfter.String()
	}
	labels := map[string]any{}
	for key, value := range s.Labels {
		if observed.Labels[key] != value {
			labels[key] = value
		}
	}
	for _, key := range forget {
		_, there := observed.Labels[key]
		if _, wanted := s.Labels[key]; there && !wanted {
			labels[key] = nil
		}
	}
	if len(labels) > 0 {
		patch["custom_metadata"] = labels
	}
	return patch
}

// Configure changes the settings of a secret, and sends nothing if they are equal to
// the observed ones. It never sends a value, and leaves records and the labels of
// others. An absent secret gets its settings before its first version, so that
// delete_version_after applies to it; only this needs create on metadata/. Errors: ErrInvalid, ErrMissingCapability, *kv.Error.
func (c *Client) Configure(ctx context.Context, a Address, observed Entry, want Settings, forget []string) error {
	if err := errors.Join(a.Check(), want.Check()); err != nil {
		return err
	}
	patch := want.change(observed.Settings, forget)
	if len(patch) == 0 {
		return nil
	}
	if observed.absent {
		if err := c.require(ctx, a, capability.Configure); err != nil {
			return err
		}
		return wrapSecret(a, c.createMetadata(ctx, a, patch))
	}
	return wrapSecret(a, c.patchMetadata(ctx, a, patch))
}

func wrapSecret(a Address, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", a.Kind, a, err)
}
