// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hashicorp/vault/api"
)

// Get reads a path, and decodes the JSON body of the answer; also that of a 404 without
// errors, with which Vault answers for a deleted version. It is for internal/step alone,
// the only package that reads values. It is not a method, so that only a package that may
// import this one can call it (.golangci.yml).
func Get(ctx context.Context, c *Client, namespace, path string, into any) error {
	const op = "read"
	return c.call(ctx, op, path, func(ctx context.Context) error {
		resp, err := c.in(namespace).Logical().ReadRawWithDataWithContext(ctx, path, nil)
		if resp != nil {
			defer resp.Body.Close()
		}
		if failed, is := errors.AsType[*api.ResponseError](err); is && resp != nil &&
			failed.StatusCode == http.StatusNotFound && !failed.RawError && failed.Errors == nil {
			err = nil
		}
		if err != nil {
			return err
		}
		return json.NewDecoder(resp.Body).Decode(into)
	})
}
