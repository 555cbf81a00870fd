// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// ReadMetadata reads an entry's metadata. The error is kv.ErrNotFound if the entry does
// not exist.
func (c *Client) ReadMetadata(ctx context.Context, e kv.Entry) (kv.Metadata, error) {
	const op = "read the metadata of"
	path := e.Mount + "/metadata/" + e.Path
	var response struct {
		Data *kv.Metadata `json:"data"`
	}
	err := c.call(ctx, op, path, func(ctx context.Context) error {
		header, err := c.get(ctx, e.Namespace, path, nil, &response)
		if err != nil {
			return err
		}
		if date, err := http.ParseTime(header.Get("Date")); err == nil && response.Data != nil {
			response.Data.Date = date
		}
		return nil
	})
	if err == nil && response.Data == nil {
		err = &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	if err != nil {
		return kv.Metadata{}, err
	}
	return *response.Data, nil
}

// ReadMount describes the secrets engine at a mount. Vault answers every token that has a
// policy for any path of the mount, and others with kv.ErrPermissionDenied, also where
// there is no mount.
func (c *Client) ReadMount(ctx context.Context, namespace, mount string) (kv.Mount, error) {
	const op = "read the type of the mount at"
	path := "sys/internal/ui/mounts/" + mount
	var response struct {
		Data *kv.Mount `json:"data"`
	}
	err := c.call(ctx, op, path, func(ctx context.Context) error {
		_, err := c.get(ctx, namespace, path, nil, &response)
		return err
	})
	if err == nil && response.Data == nil {
		err = &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	if err != nil {
		return kv.Mount{}, err
	}
	return *response.Data, nil
}

// get sends a GET and decodes the body of the answer. Vault's library would hide a 404.
func (c *Client) get(ctx context.Context, namespace, path string, query map[string][]string, into any) (http.Header, error) {
	resp, err := c.in(namespace).Logical().ReadRawWithDataWithContext(ctx, path, query)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return resp.Header, json.NewDecoder(resp.Body).Decode(into)
}

// WriteData writes value, already encoded, as the entry's next version, with
// check-and-set against cas (0: the entry must not exist). It sends the request once.
// The error is kv.ErrCASMismatch if cas is not the current version, and kv.ErrNoVersion if
// the mount is not KV version 2; OutcomeUnknown reports that the write may have happened.
func (c *Client) WriteData(ctx context.Context, e kv.Entry, value string, cas int) (kv.Written, error) {
	const op = "write"
	path := e.Mount + "/data/" + e.Path
	secret, err := c.post(once(ctx), op, e.Namespace, path, map[string]any{
		"data":    map[string]string{"value": value},
		"options": map[string]int{"cas": cas},
	})
	if err != nil {
		return kv.Written{}, err
	}
	if secret != nil && !isVaults(secret) {
		return kv.Written{}, &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	var out kv.Written
	if err := decodeData(secret, &out); err != nil || out.Version < 1 {
		return kv.Written{}, &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrNoVersion}
	}
	return out, nil
}

func (c *Client) post(ctx context.Context, op, namespace, path string, body map[string]any) (secret *api.Secret, err error) {
	err = c.call(ctx, op, path, func(ctx context.Context) (err error) {
		secret, err = c.in(namespace).Logical().WriteWithContext(ctx, path, body)
		return err
	})
	return secret, err
}

// List returns the names directly below the path, sorted; those of folders end with "/".
// It includes soft-deleted and destroyed entries. The error is kv.ErrNotFound for
// an empty folder, and on a mount that is not KV v2.
func (c *Client) List(ctx context.Context, e kv.Entry) ([]string, error) {
	const op = "list"
	path := e.Mount + "/metadata/" + e.Path + "/"
	var response struct {
		Data struct {
			Keys []string `json:"keys"`
		} `json:"data"`
	}
	err := c.call(ctx, op, path, func(ctx context.Context) error {
		_, err := c.get(ctx, e.Namespace, path, map[string][]string{"list": {"true"}}, &response)
		return err
	})
	if err == nil && response.Data.Keys == nil { // Vault answers an empty folder with 404
		err = &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(response.Data.Keys)
	return response.Data.Keys, nil
}

// Capabilities returns the capabilities of the token for each API path in a namespace
// (Vault API, sys/capabilities-self).
func (c *Client) Capabilities(ctx context.Context, namespace string, paths ...string) (map[string][]string, error) {
	const op, path = "query the capabilities of the token at", "sys/capabilities-self"
	secret, err := c.post(ctx, op, namespace, path, map[string]any{"paths": paths})
	if err != nil {
		return nil, err
	}
	out := make(map[string][]string, len(paths))
	for _, p := range paths {
		var granted []string
		if secret == nil || decodeAny(secret.Data[p], &granted) != nil {
			return nil, &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
		}
		out[p] = granted
	}
	return out, nil
}

func decodeData(secret *api.Secret, into any) error {
	if secret == nil {
		return errors.New("empty response")
	}
	return decodeAny(secret.Data, into)
}

// decodeAny converts through JSON, because the api library returns maps.
func decodeAny(from, into any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
