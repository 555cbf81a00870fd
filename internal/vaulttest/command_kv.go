// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"fmt"
	"net/http"
	"strings"
)

// at returns the path of a KV entry in one of the engine's APIs.
func at(flags map[string]string, api, path string) (string, error) {
	if flags["mount"] == "" {
		return "", fmt.Errorf("expected -mount")
	}
	return flags["mount"] + "/" + api + "/" + escape(path), nil
}

// kv sends a request for the entry that is the first argument.
func (c CLI) kv(method, api string, flags map[string]string, args []string, body any, header ...string) (answer, error) {
	path, err := one(args)
	if err != nil {
		return answer{}, err
	}
	target, err := at(flags, api, path)
	if err != nil {
		return answer{}, err
	}
	if flags["version"] != "" {
		target += "?version=" + flags["version"]
	}
	return c.send(method, target, body, header...)
}

func (c CLI) kvList(flags map[string]string, args []string) error {
	got, err := c.kv("LIST", "metadata", flags, args, nil)
	if err != nil {
		return err
	}
	return c.printKeys(flags, got)
}

// printKeys prints the names of a listing.
func (c CLI) printKeys(flags map[string]string, got answer) error {
	keys, _ := got.Data["keys"].([]any)
	if flags["format"] == "json" {
		return c.print(flags, nil, keys)
	}
	lines := []string{"Keys", "----"}
	for _, key := range keys {
		lines = append(lines, fmt.Sprint(key))
	}
	_, err := fmt.Fprintln(c.Out, strings.Join(lines, "\n"))
	return err
}

func (c CLI) kvGet(flags map[string]string, args []string) error {
	got, err := c.kv(http.MethodGet, "data", flags, args, nil)
	if err != nil {
		return err
	}
	data, _ := got.Data["data"].(map[string]any)
	return c.print(flags, data, got)
}

func (c CLI) kvPut(flags map[string]string, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("expected a path and NAME=VALUE")
	}
	data, err := c.pairs(args[1:])
	if err != nil {
		return err
	}
	_, err = c.kv(http.MethodPost, "data", flags, args[:1], map[string]any{"data": data})
	return err
}

func (c CLI) kvMetadataGet(flags map[string]string, args []string) error {
	got, err := c.kv(http.MethodGet, "metadata", flags, args, nil)
	if err != nil {
		return err
	}
	return c.print(flags, got.Data, got)
}

// kvMetadataPatch removes one key of the custom metadata.
func (c CLI) kvMetadataPatch(flags map[string]string, args []string) error {
	body := map[string]any{"custom_metadata": map[string]any{flags["remove-custom-metadata"]: nil}}
	_, err := c.kv(http.MethodPatch, "metadata", flags, args, body, "Content-Type: application/merge-patch+json")
	return err
}

func (c CLI) kvMetadataDelete(flags map[string]string, args []string) error {
	_, err := c.kv(http.MethodDelete, "metadata", flags, args, nil)
	return err
}
