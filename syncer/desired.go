// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// Want is one secret as a commit wants it. It holds no value: that is opened just
// before it is written.
type Want struct {
	Address secrets.Address
	// File and Line are where it stands in the commit.
	File string
	Line int
	// Sealed is when its file was sealed.
	Sealed time.Time
	// SOPS1 and Key1 are the fingerprints of its ciphertext and of the file's key.
	// Key1 is empty in a keyless plan.
	SOPS1, Key1 string
	// HMAC1 is the fingerprint of its value, empty without a fingerprint key.
	HMAC1 string
}

// Failure is something that could not be seen or is refused: a file, a claim, a
// workflow that Vault would not list.
type Failure struct {
	// File is empty where no file is to blame.
	File string
	// Err says what is wrong and what to do.
	Err error
}

// Desired is all that one commit of a source wants.
type Desired struct {
	Commit gitsource.Commit
	// Signer is who signed it, where the source wants a signature.
	Signer string
	// Files are the manifests that the commit holds.
	Files []gitsource.File
	// Wants are in order of address.
	Wants []Want
	// Failures are in order of file. A failed file adds nothing to Wants.
	Failures []Failure
	// Empty says that the commit holds no manifest at all: one of the Failures
	// where it is not allowed.
	Empty bool
}

// readTimeout bounds the reading of a commit: a forged pack can keep git busy
// for ever.
const readTimeout = 10 * time.Minute

// desire gathers what the manifests of a commit want. Only those that are not
// remembered are read. It fails only where the repository does; what is wrong with
// one file is a Failure.
func (s *source) desire(ctx context.Context) (Desired, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	commit, signer, err := s.head(ctx)
	if err != nil {
		return Desired{}, err
	}
	files, err := s.repo.Files(ctx, commit, s.Patterns())
	if err != nil {
		return Desired{}, err
	}
	d := Desired{Commit: commit, Signer: signer, Files: files}
	if d.Empty = len(files) == 0 && !s.Deletes.AllowEmpty; d.Empty {
		d.fail("", s.noFiles(commit))
	}
	err = s.repo.Read(ctx, s.memory.unknown(files), sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		var wants []Want
		if err == nil {
			wants, err = s.wants(ctx, file.Path, data)
		}
		if err != nil {
			d.fail(file.String(), err)
		} else {
			s.memory.keep(file, wants)
		}
		return ctx.Err()
	})
	if err != nil {
		return Desired{}, err
	}
	d.settle(s.memory.recall(files))
	return d, nil
}

// noFiles is a failure: a pattern that misses, or an emptied repository, must
// not look like secrets that nobody wants.
func (s *source) noFiles(commit gitsource.Commit) error {
	return fmt.Errorf("commit %s of %s holds no file that matches %s; nothing is deleted because of that unless somebody approves the plan",
		short(commit), s.ShortRef(), strings.Join(s.Patterns(), ", "))
}

func (d *Desired) fail(file string, err error) {
	d.Failures = append(d.Failures, Failure{File: file, Err: err})
}

// wants reads one manifest: all of it, or nothing. Its values are opened, checked
// and let go, except in a keyless plan, which cannot open them.
func (s *source) wants(ctx context.Context, name string, data []byte) ([]Want, error) {
	manifest, err := s.verified(name, data)
	if err != nil {
		return nil, err
	}
	var wants []Want
	add := func(leaf sopsfile.Leaf, fingerprint string) {
		wants = append(wants, Want{Address: s.addressOf(leaf), File: name, Line: leaf.Line, Sealed: manifest.Sealed, SOPS1: fingerprint})
	}
	for _, leaf := range manifest.Leaves {
		if leaf.Type == "" {
			add(leaf, leaf.SOPS1)
		}
	}
	eachConnection(manifest.Leaves, func(fields []sopsfile.Leaf) { add(fields[0], sopsfile.ConnectionSOPS1(fields)) })
	if s.keyless {
		return wants, nil
	}
	opened, err := manifest.Decrypt(ctx, s.keys)
	if err != nil {
		return nil, err
	}
	contents := s.contents(opened)
	var errs []error
	for i := range wants {
		w := &wants[i]
		manager, write := s.managers[w.Address.Kind], contents[w.Address].write(w.Address)
		w.Key1, w.HMAC1 = opened[0].Key1, manager.Fingerprint(s.fingerprint, write)
		write.Provenance = w.note("")
		if err := manager.Check(write); err != nil {
			errs = append(errs, fmt.Errorf("%s: line %d: %s %s: %w", w.File, w.Line, w.Address.Kind, w.Address, err))
		}
	}
	return wants, errors.Join(errs...)
}

// verified applies every rule that needs no key.
func (s *source) verified(name string, data []byte) (*sopsfile.Manifest, error) {
	manifest, err := s.manifest(name, data)
	if err != nil {
		return nil, err
	}
	return manifest, s.allowed(manifest)
}

// open opens a manifest whose wants are known.
func (s *source) open(ctx context.Context, name string, data []byte) (map[secrets.Address]content, error) {
	manifest, err := s.verified(name, data)
	if err != nil {
		return nil, err
	}
	opened, err := manifest.Decrypt(ctx, s.keys)
	if err != nil {
		return nil, err
	}
	return s.contents(opened), nil
}

// allowed refuses a manifest that reaches beyond the source's workflows and
// connections, or has a connection that no reader could use.
func (s *source) allowed(m *sopsfile.Manifest) error {
	problems := &sopsfile.Problems{File: m.Name}
	for i, leaf := range m.Leaves {
		first := i == 0 || m.Leaves[i-1].Workflow != leaf.Workflow
		if leaf.Type == "" && first && !slices.Contains(s.Workflows, leaf.Workflow) {
			problems.List = append(problems.List, sopsfile.Problem{
				Line: leaf.Line, Path: "workflows." + leaf.Workflow,
				Text: fmt.Sprintf("is not a workflow that source %s may write; add it to workflows in the configuration, or move it to its own source", s.Name),
			})
		}
	}
	s.allowedConnections(m.Leaves, problems)
	checkConnections(m.Leaves, problems)
	if len(problems.List) > 0 {
		return problems
	}
	return nil
}

// settle keeps what exactly one file claims. Two that claim one secret leave it
// as it is and name each other.
func (d *Desired) settle(claims []Want) {
	slices.SortStableFunc(claims, func(a, b Want) int { return compareAddress(a.Address, b.Address) })
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
	slices.SortStableFunc(d.Failures, func(a, b Failure) int { return strings.Compare(a.File, b.File) })
}

func (d *Desired) failClaims(claims []Want) {
	places := make([]string, len(claims))
	for i, c := range claims {
		places[i] = fmt.Sprintf("%s:%d", c.File, c.Line)
	}
	d.fail(claims[0].File, fmt.Errorf("%s %s is claimed more than once: %s; keep one",
		claims[0].Address.Kind, claims[0].Address, strings.Join(places, ", ")))
}

// compareAddress orders secrets by workflow and name, and then connections.
func compareAddress(a, b secrets.Address) int {
	if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Group, b.Group); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// note is what a record says of where the value came from.
func (w Want) note(commit gitsource.Commit) secrets.Provenance {
	return secrets.Provenance{
		Revision: string(commit), Origin: w.File, Sealed: w.Sealed.Truncate(time.Second),
		SOPS1: w.SOPS1, Key1: w.Key1, HMAC1: w.HMAC1,
	}
}

func short(c gitsource.Commit) string { return string(c)[:min(len(c), 10)] }
