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

// Settings are what a secret's metadata can say besides records: how many
// versions Vault keeps, when it deletes them by itself, and labels. Labels lie
// in clear.
type Settings struct {
	// MaxVersions is how many versions Vault keeps; 0 is the mount's default.
	MaxVersions int
	// DeleteVersionAfter is when a version written from now on is deleted; 0 is
	// the mount's default.
	DeleteVersionAfter time.Duration
	// Labels are custom_metadata; keys that begin with "relay." are refused: they
	// are records.
	Labels map[string]string
}

// Check refuses settings that Vault would not take, listing all that is wrong.
// The error wraps ErrInvalid.
func (s Settings) Check() error {
	var errs []error
	if s.MaxVersions < 0 || s.MaxVersions > 10_000 {
		errs = append(errs, invalidf("max_versions is %d: expected 0 to 10000", s.MaxVersions))
	}
	if s.DeleteVersionAfter < 0 || s.DeleteVersionAfter%time.Second != 0 {
		errs = append(errs, invalidf("delete_version_after is %s: expected whole seconds, such as 720h", s.DeleteVersionAfter))
	}
	if len(s.Labels) >= maxMetadataKeys {
		errs = append(errs, invalidf("there are %d labels: Vault keeps %d keys of custom metadata, some of which are the owners' records", len(s.Labels), maxMetadataKeys))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		switch value := s.Labels[key]; {
		case key == "" || len(key) > maxMetadataKeyBytes:
			errs = append(errs, invalidf("the label %s has a key of %d bytes: expected 1 to %d", quoteName(key), len(key), maxMetadataKeyBytes))
		case strings.HasPrefix(key, recordPrefix):
			errs = append(errs, invalidf("the label %s begins with %q, which is kept for the owners' records", quoteName(key), recordPrefix))
		case value == "" || len(value) > maxMetadataValueBytes:
			errs = append(errs, invalidf("the label %s has a value of %d bytes: expected 1 to %d", quoteName(key), len(value), maxMetadataValueBytes))
		}
	}
	return errors.Join(errs...)
}

// change is what turns the observed settings into the wanted ones, as a merge
// patch of the entry's metadata; empty where they agree. Labels of others stay;
// forget are labels that were ours and are no longer wanted.
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

// Configure brings a secret's settings about and sends nothing where they agree
// with what was observed. It never sends a value, and leaves records and the
// labels of others as they are. A secret that is not there yet gets them before
// its first version, which delete_version_after then holds for; this alone needs
// create on metadata/. Errors: ErrInvalid, ErrMissingCapability, *kv.Error.
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
		return wrapSecret(a, c.kv.CreateMetadata(ctx, entryOf(a), patch))
	}
	return wrapSecret(a, c.kv.PatchMetadata(ctx, entryOf(a), patch))
}

func wrapSecret(a Address, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", a.Kind, a, err)
}
