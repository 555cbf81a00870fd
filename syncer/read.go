// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// desired is all that one commit of a source wants.
type desired struct {
	Commit gitsource.Commit
	// Signer is who signed it, if the source requires a signature.
	Signer string
	// Files are the manifests of the commit.
	Files []gitsource.File
	// Wants are in order of address.
	Wants []plan.Want
	// Failures are in order of file. A failed file adds nothing to Wants.
	Failures []report.Failure
	// refused are the secrets that a failed file has, as far as they are known, and those
	// that several files claim.
	refused map[secrets.Address]bool
	// Empty means that the commit contains no manifest, which is not allowed.
	Empty bool
}

// readTimeout limits the reading of a commit: a forged pack can keep git busy forever.
const readTimeout = 10 * time.Minute

// read gathers what the manifests of a commit want. It reads only those that are not
// cached. It fails only if the repository does; a problem of one file is a Failure.
func (s *source) read(ctx context.Context) (desired, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	signer, err := s.verifySignature(ctx)
	if err != nil {
		return desired{}, err
	}
	if err := s.cache.refused(s.commit); err != nil {
		return desired{}, err
	}
	files, err := s.list(ctx)
	if err == nil {
		err = s.readMissing(ctx, files)
	}
	if err != nil {
		s.cache.refuse(s.commit, err)
		return desired{}, err
	}
	d := desired{Commit: s.commit, Signer: signer, Files: files}
	d.Empty = len(files) == 0 && !s.Deletes.AllowEmpty
	var claims []plan.Want
	for i, o := range s.cache.recall(files) {
		if o.err == nil {
			claims = append(claims, o.wants...)
			continue
		}
		d.fail(files[i].String(), o.err)
		d.refuse(o.wants)
	}
	d.settle(claims)
	return d, nil
}

// noFiles is the failure of a commit without a manifest: a pattern without a match, or an
// emptied repository, must not delete secrets.
func (s *source) noFiles() error {
	return fmt.Errorf("commit %s of %s contains no file that matches %s (only committed files count); nothing is deleted unless the plan is approved, or deletes.allow_empty is set",
		plan.Short(string(s.commit)), s.ShortRef(), strings.Join(s.Patterns(), ", "))
}

func (d *desired) fail(file string, err error) {
	d.Failures = append(d.Failures, report.Failure{File: file, Err: err})
}

// refuse notes what a failed file has.
func (d *desired) refuse(wants []plan.Want) {
	if d.refused == nil {
		d.refused = map[secrets.Address]bool{}
	}
	for _, w := range wants {
		d.refused[w.Address] = true
	}
}

// refusedIn are the secrets in Vault that need no line of their own in the report, because a
// failure has the cause: those of refused files, by their addresses or by the file in
// their record.
func (d *desired) refusedIn(seen observation, owner secrets.Owner) map[secrets.Address]bool {
	out := map[secrets.Address]bool{}
	maps.Copy(out, d.refused)
	var names []string
	for _, f := range d.Failures {
		names = append(names, f.File)
	}
	failed := secrets.NewFiles(names)
	for address, entry := range seen.entries {
		if record, found := entry.Records[owner]; found && record.From(failed) {
			out[address] = true
		}
	}
	return out
}

// wants returns what a manifest wants: all of it, or nothing. With an error it returns the
// addresses as far as they are known. It decrypts the values, checks them and drops them; a
// keyless plan does not decrypt.
func (s *source) wants(ctx context.Context, manifest *sopsfile.Manifest) (wants []plan.Want, unlocked *sopsfile.Unlocked, err error) {
	add := func(leaf sopsfile.Leaf, fingerprint string) {
		wants = append(wants, plan.Want{Address: s.addressOf(leaf), File: manifest.Name, Line: leaf.Line, Sealed: manifest.Sealed, SOPS1: fingerprint})
	}
	for _, leaf := range manifest.Leaves {
		if leaf.Type == "" {
			add(leaf, leaf.SOPS1)
		}
	}
	eachConnection(manifest.Leaves, func(fields []sopsfile.Leaf) { add(fields[0], sopsfile.ConnectionSOPS1(fields)) })
	if s.keyless {
		return wants, nil, nil
	}
	if unlocked, err = manifest.Unlock(ctx, s.keys); err != nil {
		return wants, nil, err
	}
	opened, err := unlocked.Decrypt()
	if err != nil {
		return wants, nil, err
	}
	contents := s.contents(opened)
	var errs []error
	for i := range wants {
		w := &wants[i]
		manager, write := s.managers[w.Address.Kind], contents[w.Address].write(w.Address)
		w.Key1, w.HMAC1 = opened[0].Key1, manager.Fingerprint(s.fingerprint, write)
		write.Provenance = w.Provenance("")
		if err := manager.Check(write); err != nil {
			errs = append(errs, fmt.Errorf("%s: line %d: %s %s: %w", w.File, w.Line, w.Address.Kind, w.Address, err))
		}
	}
	return wants, unlocked, errors.Join(errs...)
}

// settle keeps what exactly one file claims. If two files claim one secret, it stays as
// it is, and the failure names both.
func (d *desired) settle(claims []plan.Want) {
	slices.SortStableFunc(claims, func(a, b plan.Want) int { return plan.Compare(a.Address, b.Address) })
	d.Wants = claims[:0] // in place: what is kept is never behind what is read
	for len(claims) > 0 {
		n := 1
		for n < len(claims) && claims[n].Address == claims[0].Address {
			n++
		}
		if n == 1 {
			d.Wants = append(d.Wants, claims[0])
		} else {
			d.failClaims(claims[:n])
		}
		claims = claims[n:]
	}
	slices.SortStableFunc(d.Failures, func(a, b report.Failure) int { return strings.Compare(a.File, b.File) })
}

func (d *desired) failClaims(claims []plan.Want) {
	d.refuse(claims)
	var positions []string
	for _, c := range claims {
		if problem.Enough(positions) {
			break
		}
		positions = append(positions, fmt.Sprintf("%s:%d", c.File, c.Line))
	}
	d.fail(claims[0].File, &claimError{address: claims[0].Address, positions: positions})
}

// claimError is a secret that is in a commit more than once.
type claimError struct {
	address   secrets.Address
	positions []string
}

func (e *claimError) Error() string {
	return fmt.Sprintf("%s %s is claimed more than once: %s; keep one", e.address.Kind, e.address, problem.Listed(e.positions))
}
