// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// PatchMetadata merges fields into an entry's metadata: null deletes a field, and other
// fields stay (Vault API, KV v2, "Patch secret metadata"). It is idempotent, but sent
// once: the caller decides how often to repeat it. The error is kv.ErrNotFound if the
// entry does not exist, and kv.ErrMetadataCAS where a field metadata_cas is not the
// current one, or missing although the mount requires it.
func (c *Client) PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	return c.change(once(ctx), "update the metadata of", e.Namespace, http.MethodPatch, e.Mount+"/metadata/"+e.Path, fields)
}

// CreateMetadata creates an entry with metadata and without a version. Of an existing
// entry, Vault would replace the custom metadata.
func (c *Client) CreateMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	return c.change(ctx, "create the metadata of", e.Namespace, http.MethodPut, e.Mount+"/metadata/"+e.Path, fields)
}

// DeleteVersions soft-deletes versions.
func (c *Client) DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return c.changeVersions(ctx, "delete", "delete", e, versions)
}

// UndeleteVersions undeletes soft-deleted versions. If the entry has a
// delete_version_after, Vault sets a new expiry, counted from now.
func (c *Client) UndeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return c.changeVersions(ctx, "undelete", "undelete", e, versions)
}

// DestroyVersions destroys versions.
func (c *Client) DestroyVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return c.changeVersions(ctx, "destroy the versions of", "destroy", e, versions)
}

func (c *Client) changeVersions(ctx context.Context, op, verb string, e kv.Entry, versions []int) error {
	return c.change(ctx, op, e.Namespace, http.MethodPut, e.Mount+"/"+verb+"/"+e.Path, map[string]any{"versions": versions})
}

// DeleteMetadata removes an entry with all versions and metadata, for good. It sends the
// request once: a repetition could meet another entry of the same name.
func (c *Client) DeleteMetadata(ctx context.Context, e kv.Entry) error {
	return c.change(once(ctx), "delete the metadata of", e.Namespace, http.MethodDelete, e.Mount+"/metadata/"+e.Path, nil)
}

// change sends a request whose answer has nothing of use. The methods of Vault's library
// take a 404 without a body for a success, and any answer with 200: also the page of a proxy
// that has not sent the request on.
func (c *Client) change(ctx context.Context, op, namespace, method, path string, body map[string]any) error {
	return c.call(ctx, op, path, func(ctx context.Context) error {
		client := c.in(namespace)
		request := client.NewRequest(method, "/v1/"+path)
		if method == http.MethodPatch {
			request.Headers.Set("Content-Type", "application/merge-patch+json")
		}
		if body != nil {
			if err := request.SetJSONBody(body); err != nil {
				return err
			}
		}
		resp, err := client.RawRequestWithContext(ctx, request) //nolint:staticcheck // see above
		if resp != nil {
			defer resp.Body.Close()
		}
		if err != nil || resp.StatusCode == http.StatusNoContent {
			return err
		}
		return vaultsAnswer(resp)
	})
}

// errNotVaults: the answer does not have the id of the request, as each of Vault with a body has.
var errNotVaults = errors.New("answer without a request_id")

// vaultsAnswer checks that Vault gave an answer with a body.
func vaultsAnswer(resp *api.Response) error {
	secret, err := api.ParseSecret(resp.Body)
	if err == nil && !isVaults(secret) {
		return errNotVaults
	}
	return err
}

// isVaults reports whether an answer with a body is Vault's.
func isVaults(secret *api.Secret) bool { return secret != nil && secret.RequestID != "" }
