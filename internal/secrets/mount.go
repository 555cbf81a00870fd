// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// ErrMount: the mount is not a KV version 2 secrets engine, or it is not known that it is
// one. Nothing was written. See mountError.
var ErrMount = errors.New("not a KV version 2 mount")

// MountInfo is what Vault returns about a mount.
type MountInfo struct {
	// UUID is another one in another Vault, and after the mount was made again; empty if
	// Vault did not return it.
	UUID string
}

// mountError is why a mount cannot have secrets.
type mountError struct {
	text string
	// cause is the error of a request, nil for none.
	cause error
}

func (e *mountError) Error() string { return e.text }

// Unwrap gives ErrMount and the cause.
func (e *mountError) Unwrap() []error { return []error{ErrMount, e.cause} }

// mountKey is one mount.
type mountKey struct{ namespace, path string }

func (s Scope) mountKey() mountKey { return mountKey{s.Namespace, s.Mount} }

// mountCheck is what the first check of a mount found.
type mountCheck struct {
	info MountInfo
	// proven: it is a KV version 2 mount. If not, a request in it has to prove that.
	proven bool
}

// Mount returns what is known of the mount of a scope. It asks Vault once per client and
// mount. On a KV version 1 mount a value would be written without a version, and to a path
// that no step reads. Errors: ErrMount, *kv.Error.
func (c *Client) Mount(ctx context.Context, in Scope) (MountInfo, error) {
	checked, err := c.checkMount(ctx, in)
	return checked.info, err
}

func (c *Client) checkMount(ctx context.Context, in Scope) (mountCheck, error) {
	return c.mounts.ask(ctx, in.mountKey(), func(ctx context.Context) (mountCheck, error) {
		answer, err := c.kv.ReadMount(ctx, in.Namespace, in.Mount)
		return judgeMount(in, answer, err)
	})
}

// proveMount is Mount where an absent entry must be distinguished from a mount that is not
// KV version 2, or does not exist. If Vault does not describe the mount, it sends an update
// without a change to the absent entry.
func (c *Client) proveMount(ctx context.Context, a Address) error {
	checked, err := c.checkMount(ctx, a.Scope)
	if err != nil || checked.proven {
		return err
	}
	_, err = c.proofs.ask(ctx, a.mountKey(), func(ctx context.Context) (struct{}, error) {
		err := c.kv.PatchMetadata(ctx, entryOf(a), map[string]any{"custom_metadata": map[string]any{}})
		if errors.Is(err, kv.ErrPermissionDenied) {
			if cause := c.explainDenied(ctx, a, capability.Observe, err); !errors.Is(cause, err) {
				return struct{}{}, cause
			}
		}
		return struct{}{}, judgeProbe(a.Scope, err)
	})
	return err
}

// judgeMount decides what the description of a mount, or the error in its place, means.
// The error ends the operation.
func judgeMount(in Scope, answer kv.Mount, err error) (mountCheck, error) {
	if err != nil {
		if noAnswer(err) {
			return mountCheck{}, nil
		}
		return mountCheck{}, err
	}
	mount := strings.Trim(answer.Path, "/")
	switch {
	case mount != in.Mount:
		return mountCheck{}, inside(in, mount)
	case answer.Type != "kv":
		return mountCheck{}, &mountError{text: fmt.Sprintf("mount %q has a secrets engine of type %q; set the mount of a KV version 2 secrets engine", in.Mount, answer.Type)}
	case answer.Options.Version != "2":
		return mountCheck{}, &mountError{text: fmt.Sprintf("mount %q is a KV version 1 mount; enable version 2:\n  vault kv enable-versioning%s %s",
			in.Mount, namespaceFlag(in), QuoteShell(in.Mount))}
	}
	return mountCheck{info: MountInfo{UUID: answer.UUID}, proven: true}, nil
}

// noAnswer reports whether an error leaves open what the mount is: Vault denies the
// request also where there is no mount, and a proxy may block the path.
func noAnswer(err error) bool {
	failed, ok := errors.AsType[*kv.Error](err)
	return ok && failed.HasCause(kv.ErrPermissionDenied, kv.ErrProxyDenied, kv.ErrNotFound, kv.ErrNoMount,
		kv.ErrUnsupported, kv.ErrRejected, kv.ErrMalformed)
}

// judgeProbe decides what the answer to an update without a change means.
func judgeProbe(in Scope, err error) error {
	switch {
	case err == nil, errors.Is(err, kv.ErrNotFound), errors.Is(err, kv.ErrMetadataCAS):
		return nil // operations that only KV version 2 has
	case errors.Is(err, kv.ErrNoMount):
		return noMount(in, err)
	case errors.Is(err, kv.ErrUnsupported):
		return &mountError{cause: err, text: fmt.Sprintf("mount %q is not a KV version 2 mount; if it is a KV version 1 mount, enable version 2:\n  vault kv enable-versioning%s %s",
			in.Mount, namespaceFlag(in), QuoteShell(in.Mount))}
	case !noAnswer(err):
		return err
	}
	return &mountError{cause: err, text: fmt.Sprintf("verify that mount %q is a KV version 2 mount: %s. "+
		"Hint: allow GET sys/internal/ui/mounts/%s in the proxy in front of Vault", in.Mount, err, in.Mount)}
}

func noMount(in Scope, cause error) error {
	return &mountError{cause: cause, text: fmt.Sprintf("no KV v2 secrets engine found at mount %q; check mount and namespace, or enable one:\n  vault secrets enable%s -path=%s -version=2 kv",
		in.Mount, namespaceFlag(in), QuoteShell(in.Mount))}
}

// inside is the error for a mount that is only a path inside another one.
func inside(in Scope, mount string) error {
	rest, found := strings.CutPrefix(in.Mount, mount+"/")
	if !found || mount == "" {
		return noMount(in, nil)
	}
	return &mountError{text: fmt.Sprintf("no secrets engine found at mount %q: the path is inside the mount %q; set the mount to %q, and begin the prefix with %q",
		in.Mount, mount, mount, rest)}
}

func namespaceFlag(in Scope) string {
	if in.Namespace == "" {
		return ""
	}
	return " -namespace=" + QuoteShell(in.Namespace)
}
