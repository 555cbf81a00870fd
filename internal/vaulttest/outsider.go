// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// The methods of this file make outside changes with the root token: without a record and
// without check-and-set.

// Write writes a value and returns its version.
func (v *Vault) Write(t testing.TB, workflow, name, value string) int {
	t.Helper()
	answer := v.must(t, v.RootToken, http.MethodPost, entry("data", workflow, name),
		map[string]any{"data": map[string]any{"value": value}})
	version, _ := dig(answer, "data", "version").(float64)
	return int(version)
}

// ReadAs reads the newest value with a token; ok is false if permission is denied or if
// no live value exists.
func (v *Vault) ReadAs(t testing.TB, token, workflow, name string) (value string, ok bool) {
	t.Helper()
	status, answer := v.Call(t, token, http.MethodGet, entry("data", workflow, name), nil)
	switch status {
	case http.StatusOK:
		return text(t, answer, "data", "data", "value"), true
	case http.StatusForbidden, http.StatusNotFound:
		return "", false
	}
	t.Fatalf("read %s/%s: status %d: %v", workflow, name, status, answer["errors"])
	return "", false
}

// SoftDelete deletes the newest version.
func (v *Vault) SoftDelete(t testing.TB, workflow, name string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodDelete, entry("data", workflow, name), nil)
}

// Undelete undeletes soft-deleted versions.
func (v *Vault) Undelete(t testing.TB, workflow, name string, versions ...int) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, entry("undelete", workflow, name), map[string]any{"versions": versions})
}

// Destroy destroys versions for good; their numbers stay.
func (v *Vault) Destroy(t testing.TB, workflow, name string, versions ...int) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, entry("destroy", workflow, name), map[string]any{"versions": versions})
}

// Purge removes the entry with all versions and metadata.
func (v *Vault) Purge(t testing.TB, workflow, name string) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodDelete, entry("metadata", workflow, name), nil)
}

// Metadata returns Vault's metadata of an entry; nil if the entry does not exist.
func (v *Vault) Metadata(t testing.TB, workflow, name string) map[string]any {
	t.Helper()
	status, answer := v.Call(t, v.RootToken, http.MethodGet, entry("metadata", workflow, name), nil)
	switch status {
	case http.StatusOK:
		return dig(answer, "data").(map[string]any)
	case http.StatusNotFound:
		return nil
	}
	t.Fatalf("read the metadata of %s/%s: status %d: %v", workflow, name, status, answer["errors"])
	return nil
}

// PatchCustomMetadata sets keys of an entry's custom_metadata; nil removes one.
func (v *Vault) PatchCustomMetadata(t testing.TB, workflow, name string, changes map[string]any) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPatch, entry("metadata", workflow, name), map[string]any{"custom_metadata": changes})
}

// recordVersion is what a record claims.
var recordVersion = regexp.MustCompile(`version=\d+ time=\S+`)

// ForgeRecords lets every record of an entry claim a version, as anyone with the
// writer policy can.
func (v *Vault) ForgeRecords(t testing.TB, workflow, name string, version int) {
	t.Helper()
	metadata := v.Metadata(t, workflow, name)
	created := text(t, metadata, "versions", strconv.Itoa(version), "created_time")
	forged := map[string]any{}
	for key, record := range metadata["custom_metadata"].(map[string]any) {
		forged[key] = recordVersion.ReplaceAllString(record.(string), fmt.Sprintf("version=%d time=%s", version, created))
	}
	v.PatchCustomMetadata(t, workflow, name, forged)
}

// SetDeleteVersionAfter sets the expiry of versions that are written from now on.
func (v *Vault) SetDeleteVersionAfter(t testing.TB, workflow, name string, after time.Duration) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPatch, entry("metadata", workflow, name),
		map[string]any{"delete_version_after": after.String()})
}
