// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Groups returns the names of the groups below the prefix of root: the workflows.
// Other are the folders whose names no workflow can have. The error wraps
// ErrMissingCapability, ErrTokenRejected, or is a *kv.Error.
func (c *Client) Groups(ctx context.Context, root Scope) (Names, error) {
	keys, err := c.listFolder(ctx, root, root.Prefix)
	if errors.Is(err, kv.ErrPermissionDenied) {
		return Names{}, c.explainGroupsDenied(ctx, root, err)
	}
	if err != nil {
		return Names{}, err
	}
	var out Names
	for _, key := range keys {
		name, folder := strings.CutSuffix(key, "/")
		switch {
		case folder && nameProblem(name) == "":
			out.Manageable = append(out.Manageable, name)
		case folder:
			out.Other = append(out.Other, key)
		}
	}
	return out, nil
}

// explainGroupsDenied is explainDenied for the folder of the workflows.
func (c *Client) explainGroupsDenied(ctx context.Context, root Scope, denied error) error {
	path := root.Mount + "/metadata/" + root.Prefix + "/"
	granted, err := c.kv.Capabilities(ctx, root.Namespace, path)
	switch {
	case errors.Is(err, kv.ErrPermissionDenied):
		return ErrTokenRejected
	case err == nil && !slices.Contains(granted[path], "list"):
		return fmt.Errorf("%w in the Vault policy:\n  %s", ErrMissingCapability, capability.Line(path, "list"))
	}
	return denied
}
