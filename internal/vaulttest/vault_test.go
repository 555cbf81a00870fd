// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"net/http"
	"testing"
	"time"
)

func TestReaderReadsOneWorkflowAndWriterReadsNone(t *testing.T) {
	t.Parallel()
	v := Start(t)
	first, second := Workflow(t), Workflow(t)
	v.Write(t, first, "api key", "first")
	if got := v.Write(t, first, "api key", "second"); got != 2 {
		t.Errorf("the second write has version %d", got)
	}
	v.Write(t, second, "api key", "foreign")

	reader := v.Reader(t, first)
	if got, ok := v.ReadAs(t, reader, first, "api key"); !ok || got != "second" {
		t.Errorf("reader got %q %v from its workflow", got, ok)
	}
	if _, ok := v.ReadAs(t, reader, second, "api key"); ok {
		t.Error("reader reads another workflow")
	}
	if _, ok := v.ReadAs(t, v.Writer(t), first, "api key"); ok {
		t.Error("writer reads a value")
	}
	token := v.Token(t, `path "customers/data/workflows/`+second+`/*" { capabilities = ["read"] }`)
	if got, _ := v.ReadAs(t, token, second, "api key"); got != "foreign" {
		t.Errorf("the token reads %q", got)
	}
}

func TestWriterWithoutRemovesOneCapability(t *testing.T) {
	t.Parallel()
	v := Start(t)
	workflow := Workflow(t)
	v.Write(t, workflow, "name", "value")
	requests := []struct {
		operation, capability, method, path string
		body                                any
	}{
		{"metadata", "patch", "PATCH", entry("metadata", workflow, "name"), map[string]any{"custom_metadata": map[string]any{"k": "v"}}},
		{"metadata", "read", "GET", entry("metadata", workflow, "name"), nil},
		{"metadata", "list", "LIST", "customers/metadata/workflows/" + workflow + "/", nil},
		{"data", "update", "POST", entry("data", workflow, "name"), map[string]any{"data": map[string]any{"value": "x"}}},
		{"data", "create", "POST", entry("data", workflow, "new"), map[string]any{"data": map[string]any{"value": "x"}}},
		{"delete", "update", "POST", entry("delete", workflow, "name"), map[string]any{"versions": []int{99}}},
		{"undelete", "update", "POST", entry("undelete", workflow, "name"), map[string]any{"versions": []int{99}}},
		{"destroy", "update", "POST", entry("destroy", workflow, "name"), map[string]any{"versions": []int{99}}},
	}
	for reduced, missing := range requests {
		token := v.WriterWithout(t, missing.operation, missing.capability)
		for i, r := range requests {
			status, _ := v.Call(t, token, r.method, r.path, r.body)
			if refused := status == http.StatusForbidden; refused != (i == reduced) {
				t.Errorf("without %s on %s: %s on %s answered %d",
					missing.capability, missing.operation, r.capability, r.operation, status)
			}
		}
		v.Purge(t, workflow, "new")
	}
}

func TestOutsiders(t *testing.T) {
	t.Parallel()
	v := Start(t)
	workflow := Workflow(t)
	live := func() bool {
		_, ok := v.ReadAs(t, v.RootToken, workflow, "name")
		return ok
	}
	if v.Metadata(t, workflow, "name") != nil {
		t.Error("metadata before the first write")
	}
	v.Write(t, workflow, "name", "value")
	v.PatchCustomMetadata(t, workflow, "name", map[string]any{"a": "1", "b": "2"})
	v.PatchCustomMetadata(t, workflow, "name", map[string]any{"a": nil})
	v.SetDeleteVersionAfter(t, workflow, "name", time.Hour)
	metadata := v.Metadata(t, workflow, "name")
	if dig(metadata, "custom_metadata", "b") != "2" || dig(metadata, "custom_metadata", "a") != nil {
		t.Errorf("custom_metadata = %v", metadata["custom_metadata"])
	}
	if metadata["delete_version_after"] != "1h0m0s" {
		t.Errorf("delete_version_after = %v", metadata["delete_version_after"])
	}

	v.SoftDelete(t, workflow, "name")
	if live() {
		t.Error("live after SoftDelete")
	}
	v.Undelete(t, workflow, "name", 1)
	if !live() {
		t.Error("dead after Undelete")
	}
	v.Destroy(t, workflow, "name", 1)
	if live() || v.Metadata(t, workflow, "name") == nil {
		t.Error("Destroy must erase the value and leave the metadata")
	}
	v.Purge(t, workflow, "name")
	if v.Metadata(t, workflow, "name") != nil {
		t.Error("metadata after Purge")
	}
}

func TestOwnVaultSealsAndRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := StartOwn(t, "-storage", "raft:"+dir)
	workflow := Workflow(t)
	v.Write(t, workflow, "name", "kept")

	v.Seal(t)
	if status, _ := v.Call(t, v.RootToken, http.MethodGet, entry("data", workflow, "name"), nil); status != http.StatusServiceUnavailable {
		t.Errorf("sealed: status %d", status)
	}
	v.Unseal(t)
	v.Stop(t)

	again := StartOwn(t, "-storage", "raft:"+dir, "-listen", v.Address[len("http://"):])
	if got, _ := again.ReadAs(t, v.RootToken, workflow, "name"); got != "kept" || again.Address != v.Address {
		t.Errorf("after the restart at %s: %q", again.Address, got)
	}
}
