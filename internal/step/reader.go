// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// Scope is where the secrets of one workflow are, and the connections that it may use.
type Scope struct {
	Namespace string
	Mount     string
	Prefix    string
	Workflow  string
	// Domain has the connections; empty for none.
	Domain string
}

// Check rejects a scope whose parts are other paths in Vault than they look like.
func (s Scope) Check() error {
	errs := []error{secrets.CheckPath("mount", s.Mount), secrets.CheckPrefix(s.Prefix), checkSegment("workflow", s.Workflow)}
	if s.Domain != "" {
		errs = append(errs, checkSegment("domain", s.Domain))
	}
	return errors.Join(errs...)
}

func (s Scope) secret(name string) string { return s.Prefix + "/" + s.Workflow + "/" + name }

// Reader reads with one token. It is safe for concurrent use.
type Reader struct {
	client      *vault.Client
	scope       Scope
	concurrency int
}

// NewReader prepares a reader; it sends nothing itself. The error is that of Scope.Check, or
// a *problem.Error of the settings.
func NewReader(to vault.Settings, scope Scope) (*Reader, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	client, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	return &Reader{client: client, scope: scope, concurrency: cmp.Or(to.Concurrency, vault.DefaultConcurrency)}, nil
}

// Domain has the connections; empty for none.
func (r *Reader) Domain() string { return r.scope.Domain }

// Close revokes the token of a login, unless it is a batch token, which Vault cannot revoke.
func (r *Reader) Close(ctx context.Context) error { return r.client.Close(ctx) }

// Secrets reads secrets of the workflow by name, in that order. The error has everything that
// is missing; it wraps kv.ErrNotFound or a *kv.Error.
func (r *Reader) Secrets(ctx context.Context, names []string) ([]Secret, error) {
	found, missing, err := r.Find(ctx, names)
	if err != nil || len(missing) == 0 {
		return found, err
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, missing[name])
	}
	return nil, errors.Join(errs...)
}

// Find reads secrets of the workflow by name, in that order, and returns why each of the
// others is missing: it does not exist, was deleted, or is denied.
func (r *Reader) Find(ctx context.Context, names []string) (found []Secret, missing map[string]error, err error) {
	read := make([]Secret, len(names))
	failed := make([]error, len(names))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(r.concurrency)
	for i, name := range names {
		work.Go(func() (stop error) {
			read[i].Name = name
			read[i].Value, failed[i] = r.secret(ctx, name)
			if IsMissing(failed[i]) {
				return nil // the others can be missing, too
			}
			return failed[i]
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	missing = map[string]error{}
	for i, name := range names {
		if failed[i] != nil {
			missing[name] = failed[i]
			continue
		}
		found = append(found, read[i])
	}
	return found, missing, nil
}

// IsMissing reports whether an error is that of a secret or connection that does not exist, is
// denied, or cannot exist.
func IsMissing(err error) bool {
	return errors.Is(err, kv.ErrNotFound) || errors.Is(err, kv.ErrPermissionDenied) || errors.Is(err, errName)
}

func (r *Reader) secret(ctx context.Context, name string) (Value, error) {
	if err := checkPath("secret", name); err != nil {
		return Value{}, err
	}
	value, err := r.value(ctx, r.scope.secret(name))
	if err != nil {
		return Value{}, fmt.Errorf("secret %s of workflow %s: %w", foreign.Quote(name), foreign.Quote(r.scope.Workflow), err)
	}
	return value, nil
}

// All reads every secret directly below the workflow, sorted by name, as Relay does. It skips
// what Relay skips: a name whose secret was deleted, or has no text under the key value.
func (r *Reader) All(ctx context.Context) ([]Secret, error) {
	names, err := r.Names(ctx)
	if err != nil {
		return nil, err
	}
	return r.existing(ctx, names, func(ctx context.Context, name string) (Value, error) { return r.secret(ctx, name) })
}

// Names lists the secrets directly below the workflow, sorted. Deleted ones can be among them.
func (r *Reader) Names(ctx context.Context) ([]string, error) {
	names, err := r.list(ctx, r.scope.Prefix+"/"+r.scope.Workflow)
	if err != nil {
		return nil, fmt.Errorf("secrets of workflow %s: %w", foreign.Quote(r.scope.Workflow), err)
	}
	return names, nil
}

// existing reads what still exists of the names.
func (r *Reader) existing(ctx context.Context, names []string, read func(context.Context, string) (Value, error)) ([]Secret, error) {
	found := make([]*Secret, len(names))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(r.concurrency)
	for i, name := range names {
		work.Go(func() error {
			value, err := read(ctx, name)
			switch {
			case errors.Is(err, kv.ErrNotFound):
				return nil
			case err != nil:
				return err
			}
			found[i] = &Secret{Name: name, Value: value}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	var out []Secret
	for _, secret := range found {
		if secret != nil {
			out = append(out, *secret)
		}
	}
	return out, nil
}

// list returns the names directly below a path, sorted, without folders.
func (r *Reader) list(ctx context.Context, path string) ([]string, error) {
	names, err := r.names(ctx, path)
	return slices.DeleteFunc(names, isFolder), err
}

// folders returns the names of the folders directly below a path, sorted.
func (r *Reader) folders(ctx context.Context, path string) ([]string, error) {
	names, err := r.names(ctx, path)
	names = slices.DeleteFunc(names, func(name string) bool { return !isFolder(name) })
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], "/")
	}
	return names, err
}

func isFolder(name string) bool { return strings.HasSuffix(name, "/") }

func (r *Reader) names(ctx context.Context, path string) ([]string, error) {
	names, err := r.client.List(ctx, kv.Entry{Namespace: r.scope.Namespace, Mount: r.scope.Mount, Path: path})
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil // Vault has no empty folders
	}
	return names, err
}

// version is Vault's answer to the read of an entry.
type version struct {
	Data struct {
		Data     map[string]json.RawMessage `json:"data"`
		Metadata struct {
			Version      int    `json:"version"`
			DeletionTime string `json:"deletion_time"`
			Destroyed    bool   `json:"destroyed"`
		} `json:"metadata"`
	} `json:"data"`
}

var (
	errDeleted = fmt.Errorf("%w: the newest version was deleted", kv.ErrNotFound)
	errNoText  = fmt.Errorf("%w: the entry has no text under the key value, the only one that Relay reads", kv.ErrNotFound)
)

// value reads the newest version of an entry. The error wraps kv.ErrNotFound where Relay finds
// no value.
func (r *Reader) value(ctx context.Context, path string) (Value, error) {
	path = r.scope.Mount + "/data/" + path
	var answer version
	if err := vault.Get(ctx, r.client, r.scope.Namespace, path, &answer); err != nil {
		return Value{}, err
	}
	if answer.Data.Metadata.Version < 1 {
		return Value{}, &kv.Error{Op: "read", Path: foreign.Line(path), Cause: kv.ErrMalformed}
	}
	if answer.Data.Data == nil {
		return Value{}, errDeleted
	}
	var text *string
	if err := json.Unmarshal(answer.Data.Data["value"], &text); err != nil || text == nil {
		return Value{}, errNoText // err quotes the value
	}
	value, err := decode(*text)
	if err != nil {
		return Value{}, fmt.Errorf("read %s: %w", foreign.Line(path), err)
	}
	return value, nil
}
