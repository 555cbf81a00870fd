// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getsops/sops/v3/shamir"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// NoKeyError is a file that no held key opens, or not enough of them.
type NoKeyError struct {
	File string
	// Recipients are the file's recipients, Held the public forms of the keys at hand.
	Recipients, Available []string
	// Groups are the file's key groups where its key is split between several, of
	// which Threshold must open.
	Groups    []GroupState
	Threshold int
	// Causes are why keys at hand did not open their entries, *keyring.Error each.
	// errors.Is finds keyring.ErrUnavailable among them where another try may help.
	Causes []error
}

// GroupState is what became of one key group.
type GroupState struct {
	Recipients []string
	Opened     bool
}

func (e *NoKeyError) Error() string {
	out := show(e.File) + ": no held key opens this file: it wants " + e.wants()
	if len(e.Available) > 0 {
		out += "; held are " + abbreviated(e.Available)
	} else {
		out += "; no key is held"
	}
	for _, reason := range e.Causes {
		out += "; " + reason.Error()
	}
	return out + "; " + e.advice()
}

// Unwrap gives the Reasons.
func (e *NoKeyError) Unwrap() []error { return e.Causes }

func (e *NoKeyError) wants() string {
	if len(e.Groups) == 0 {
		return abbreviated(e.Recipients)
	}
	out := fmt.Sprintf("%d of its %d key groups", e.Threshold, len(e.Groups))
	for i, group := range e.Groups {
		state := "did not open"
		if group.Opened {
			state = "opened"
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
			return "let the credentials of this source decrypt with that key"
		}
	}
	if len(e.Causes) > 0 {
		return "the file's entry for a held key is damaged: restore it from git, or run sops updatekeys"
	}
	return "add a held key to .sops.yaml and run sops updatekeys, or give this source a key that the file wants"
}

// abbreviated joins recipients, the long ones with their middle left out.
func abbreviated(recipients []string) string {
	short := slices.Clone(recipients)
	for i, recipient := range short {
		if len(recipient) > 120 {
			short[i] = recipient[:20] + "..." + recipient[len(recipient)-20:]
		}
	}
	return strings.Join(short, ", ")
}

const (
	dataKeyBytes = 32
	// partBytes is a data key's part for one of several groups.
	partBytes = dataKeyBytes + shamir.ShareOverhead
)

// dataKey opens the file's data key with held keys alone.
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
			return nil, fmt.Errorf("opening the data key of %s: %w", show(m.Name), err)
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

// partsProblem is about groups that opened to parts of no one key.
func (m *Manifest) partsProblem() error {
	problems := &Problems{File: m.Name}
	problems.add(0, []string{sopsKey, "key_groups"}, "open to parts that do not make up one data key: the groups or shamir_threshold were edited by hand; restore the file from git")
	return problems
}

// openGroup opens the part of one group with any of its keys: those in this process
// first, then those that a server holds. It is nil without an error where none did,
// and the reasons are in failed. The error is the context's.
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
				err = &keyring.Error{Recipient: entry.Recipient(), Class: keyring.ErrDamaged, Detail: "it holds no data key of SOPS"}
			}
			if !errors.Is(err, keyring.ErrNoAvailableKey) {
				failed.Causes = append(failed.Causes, err)
			}
		}
	}
	return nil, nil
}
