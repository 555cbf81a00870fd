// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// changes are the requests whose answer has nothing of use.
var changes = map[string]func(context.Context, *Client) error{
	"patch metadata": func(ctx context.Context, c *Client) error { return c.PatchMetadata(ctx, entry, map[string]any{"a": 1}) },
	"create metadata": func(ctx context.Context, c *Client) error {
		return c.CreateMetadata(ctx, entry, map[string]any{"a": 1})
	},
	"delete metadata": func(ctx context.Context, c *Client) error { return c.DeleteMetadata(ctx, entry) },
	"delete":          func(ctx context.Context, c *Client) error { return c.DeleteVersions(ctx, entry, 1) },
	"undelete":        func(ctx context.Context, c *Client) error { return c.UndeleteVersions(ctx, entry, 1) },
	"destroy":         func(ctx context.Context, c *Client) error { return c.DestroyVersions(ctx, entry, 1) },
}

func TestChangeIsDoneOnlyIfVaultConfirmsIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"as Vault confirms it", 204, "", nil},
		{"with a warning of Vault", 200, `{"request_id":"1","warnings":["careful"]}`, nil},
		{"a page", 200, "<html>log in</html>", kv.ErrMalformed},
		{"nothing with 200", 200, "", kv.ErrMalformed},
		{"an empty object", 200, "{}", kv.ErrMalformed},
		{"404 without a text", 404, "", kv.ErrNotFound},
		{"404 with warnings", 404, `{"warnings":["careful"]}`, kv.ErrMalformed},
	} {
		address, _ := serve(t, row.status, row.body)
		for name, change := range changes {
			if err := change(t.Context(), connect(t, Settings{Address: address})); !errors.Is(err, row.want) {
				t.Errorf("%s, answered by %s: %v, want %v", name, row.name, err, row.want)
			}
		}
	}
}
