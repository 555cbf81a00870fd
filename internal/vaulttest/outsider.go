// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"net/http"
	"testing"
	"time"
)

// The methods of this file do with the root token what outsiders do: they keep
// no record and ask for no check-and-set.

// Write writes a value and returns its version.
func (v *Vault) Write(t testing.TB, workflow, name, value string) int {
	t.Helper()
	answer := v.must(t, v.RootToken, http.MethodPost, entry("data", workflow, name),
		map[string]any{"data": map[string]any{"value": value}})
	version, _ := dig(answer, "data", "version").(float64)
	return int(version)
}

// ReadAs reads the newest value with a token; ok is false where the token may
// not or where there is no live value.
func (v *Vault) ReadAs(t testing.TB, token, workflow, name string) (value string, ok bool) {
	t.Helper()
	status, answer := v.Call(t, token, http.MethodGet, entry("data", workflow, name), nil)
	switch status {
	case http.StatusOK:
		return text(t, answer, "data", "data", "value"), true
	case http.StatusForbidden, http.StatusNotFound:
		return "", false
	}
	t.Fatalf("reading %s/%s: status %d: %v", workflow, name, status, answer["errors"])
	return "", false
}

// SoftDelete deletes the newest version.
func (v *Vault) SoftDelete(t testing.TB, workflow, name string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodDelete, entry("data", workflow, name), nil)
}

// Undelete brings soft-deleted versions back.
func (v *Vault) Undelete(t testing.TB, workflow, name string, versions ...int) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, entry("undelete", workflow, name), map[string]any{"versions": versions})
}

// Destroy erases versions for good and leaves their numbers.
func (v *Vault) Destroy(t testing.TB, workflow, name string, versions ...int) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, entry("destroy", workflow, name), map[string]any{"versions": versions})
}

// Purge removes the entry with all versions and metadata.
func (v *Vault) Purge(t testing.TB, workflow, name string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodDelete, entry("metadata", workflow, name), nil)
}

// Metadata returns what Vault tells about an entry, without the value, as it
// came; nil where there is no entry.
func (v *Vault) Metadata(t testing.TB, workflow, name string) map[string]any {
	t.Helper()
	status, answer := v.Call(t, v.RootToken, http.MethodGet, entry("metadata", workflow, name), nil)
	switch status {
	case http.StatusOK:
		return dig(answer, "data").(map[string]any)
	case http.StatusNotFound:
		return nil
	}
	t.Fatalf("reading the metadata of %s/%s: status %d: %v", workflow, name, status, answer["errors"])
	return nil
}

// PatchCustomMetadata sets keys of an entry's custom_metadata; nil removes one.
func (v *Vault) PatchCustomMetadata(t testing.TB, workflow, name string, changes map[string]any) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPatch, entry("metadata", workflow, name), map[string]any{"custom_metadata": changes})
}

// SetDeleteVersionAfter lets versions written from now on expire.
func (v *Vault) SetDeleteVersionAfter(t testing.TB, workflow, name string, after time.Duration) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPatch, entry("metadata", workflow, name),
		map[string]any{"delete_version_after": after.String()})
}
