// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/getsops/sops/v3/shamir"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// NoKeyError is a file that the available keys cannot decrypt.
type NoKeyError struct {
	File string
	// Recipients are those of the file, Available the public forms of the available keys.
	Recipients, Available []string
	// Groups are the key groups of a file whose key is split between several, of which
	// Threshold must be decrypted.
	Groups    []GroupState
	Threshold int
	// Causes are the errors of available keys, each a *keyring.Error. If one of them is
	// keyring.ErrUnavailable, a retry can succeed.
	Causes []error
}

// GroupState is the result for one key group.
type GroupState struct {
	Recipients []string
	Opened     bool
}

func (e *NoKeyError) Error() string {
	out := show(e.File) + ": no available key decrypts this file; it needs " + e.needs()
	if len(e.Available) > 0 {
		out += "; the available keys are " + abbreviated(e.Available)
	} else {
		out += "; no key is available"
	}
	for _, reason := range e.Causes {
		out += "; " + reason.Error()
	}
	return out + "; " + e.advice()
}

// Unwrap gives the Reasons.
func (e *NoKeyError) Unwrap() []error { return e.Causes }

func (e *NoKeyError) needs() string {
	if len(e.Groups) == 0 {
		return "a key for " + abbreviated(e.Recipients)
	}
	out := fmt.Sprintf("%d of its %d key groups", e.Threshold, len(e.Groups))
	for i, group := range e.Groups {
		state := "not decrypted"
		if group.Opened {
			state = "decrypted"
		}
		out += fmt.Sprintf(", group %d (%s) %s", i+1, abbreviated(group.Recipients), state)
	}
	return out
}

func (e *NoKeyError) advice() string {
	for _, reason := range e.Causes {
		switch {
		case errors.Is(reason, keyring.ErrUnavailable):
			return "try again later, as the daemon does"
		case errors.Is(reason, keyring.ErrRejected):
			return "grant the credentials of this source the permission to decrypt with that key"
		}
	}
	if len(e.Causes) > 0 {
		return "the file's entry for an available key is damaged; " + restore + ", or run sops rotate --in-place with another of its keys"
	}
	return "add an available key to .sops.yaml and run sops updatekeys, or configure a key of the file for this source"
}

// abbreviated lists recipients, and shortens long ones in the middle.
func abbreviated(recipients []string) string {
	short := slices.Clone(recipients)
	for i, recipient := range short {
		if len(recipient) > 120 {
			short[i] = recipient[:20] + "..." + recipient[len(recipient)-20:]
		}
	}
	return problem.Listed(short)
}

const (
	dataKeyBytes = 32
	// partBytes is the size of the part of a data key for one of several groups.
	partBytes = dataKeyBytes + shamir.ShareOverhead
)

// dataKey decrypts the data key of the file with the available keys.
func (m *Manifest) dataKey(ctx context.Context, keys *Keys) ([]byte, error) {
	if keys == nil {
		keys = &Keys{}
	}
	groups, threshold, size := entriesOf(m.metadata), 1, dataKeyBytes
	if len(groups) > 1 {
		threshold, size = m.metadata.ShamirThreshold, partBytes
	}
	failed := &NoKeyError{File: m.Name, Recipients: m.Recipients, Available: keys.Available(), Threshold: threshold}
	var parts [][]byte
	for _, group := range groups {
		part, err := openGroup(ctx, keys, group, size, failed)
		if err != nil {
			return nil, fmt.Errorf("decrypt the data key of %s: %w", show(m.Name), err)
		}
		if part != nil {
			parts = append(parts, part)
		}
		if len(parts) == threshold {
			break
		}
		failed.Groups = append(failed.Groups, GroupState{Recipients: recipientsIn(group), Opened: part != nil})
	}
	switch {
	case len(parts) < threshold && len(groups) == 1:
		failed.Groups, failed.Threshold = nil, 0
		return nil, failed
	case len(parts) < threshold:
		return nil, failed
	case len(groups) == 1:
		return parts[0], nil
	}
	key, err := shamir.Combine(parts)
	if err != nil || len(key) != dataKeyBytes {
		return nil, m.partsProblem()
	}
	return key, nil
}

// partsProblem reports groups whose parts do not belong to one data key.
func (m *Manifest) partsProblem() error {
	problems := &Problems{File: m.Name}
	problems.add(0, []string{sopsKey, "key_groups"}, "decrypt to parts of different data keys: the groups or shamir_threshold were edited by hand; "+restore)
	return problems
}

// openGroup decrypts the part of one group with any of its keys: local keys first, then
// those of key servers. If no key works, it returns nil without an error, and the causes
// are in failed. The error is the context's.
func openGroup(ctx context.Context, keys *Keys, group []keyring.Wrapped, size int, failed *NoKeyError) ([]byte, error) {
	for _, local := range []bool{true, false} {
		for _, entry := range group {
			if entry.Kind.Local() != local {
				continue
			}
			part, err := keys.Open(ctx, entry)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err == nil && len(part) == size {
				return part, nil
			}
			if err == nil {
				err = &keyring.Error{Recipient: entry.Recipient(), Class: keyring.ErrDamaged, Detail: "it does not contain a data key of SOPS"}
			}
			if !errors.Is(err, keyring.ErrNoAvailableKey) {
				failed.Causes = append(failed.Causes, err)
			}
		}
	}
	return nil, nil
}
