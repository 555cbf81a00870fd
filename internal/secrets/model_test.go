// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// modelKV is KV v2 as the protocol relies on it: one mount, entries by path. It
// has no way to read a value, as our tokens have none.
type modelKV struct {
	mu      sync.Mutex
	entries map[string]*modelEntry
	ticks   int
}

type modelEntry struct {
	current  int
	versions map[int]*kv.Version
	custom   map[string]string
}

func newModelKV() *modelKV { return &modelKV{entries: map[string]*modelEntry{}} }

// now never returns the same time twice, as Vault's clock does in practice.
func (m *modelKV) now() string {
	m.ticks++
	return formatTime(time.Now().Add(time.Duration(m.ticks)))
}

func refusal(reason error, status int) error {
	return &kv.Error{Op: "modelling", Path: "model", Status: status, Cause: reason}
}

func (m *modelKV) ReadMetadata(_ context.Context, e kv.Entry) (kv.Metadata, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.entries[e.Path]
	if !ok {
		return kv.Metadata{}, refusal(kv.ErrNotFound, http.StatusNotFound)
	}
	out := kv.Metadata{
		CurrentVersion: entry.current,
		CustomMetadata: maps.Clone(entry.custom),
		Versions:       map[int]kv.Version{},
		Date:           time.Now().Truncate(time.Second),
	}
	for n, v := range entry.versions {
		out.Versions[n] = *v
	}
	return out, nil
}

func (m *modelKV) WriteData(_ context.Context, e kv.Entry, _ string, cas int) (kv.Written, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current := 0
	if entry, ok := m.entries[e.Path]; ok {
		current = entry.current
	}
	if cas != current {
		return kv.Written{}, refusal(kv.ErrCASMismatch, http.StatusBadRequest)
	}
	return m.append(e), nil
}

func (m *modelKV) append(e kv.Entry) kv.Written {
	entry, ok := m.entries[e.Path]
	if !ok {
		entry = &modelEntry{versions: map[int]*kv.Version{}, custom: map[string]string{}}
		m.entries[e.Path] = entry
	}
	entry.current++
	v := &kv.Version{CreatedTime: m.now()}
	entry.versions[entry.current] = v
	return kv.Written{Version: entry.current, CreatedTime: v.CreatedTime}
}

func (m *modelKV) PatchMetadata(_ context.Context, e kv.Entry, fields map[string]any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.entries[e.Path]
	if !ok {
		return refusal(kv.ErrNotFound, http.StatusNotFound)
	}
	for key, value := range fields["custom_metadata"].(map[string]any) {
		entry.custom[key] = value.(string)
	}
	return nil
}

func (m *modelKV) CreateMetadata(context.Context, kv.Entry, map[string]any) error { return nil }

func (m *modelKV) DeleteMetadata(_ context.Context, e kv.Entry) error {
	m.outsidePurge(e)
	return nil
}

func (m *modelKV) DeleteVersions(_ context.Context, e kv.Entry, versions ...int) error {
	return m.change(e, versions, func(v *kv.Version) {
		if v.DeletionTime == "" {
			v.DeletionTime = m.now()
		}
	})
}

func (m *modelKV) UndeleteVersions(_ context.Context, e kv.Entry, versions ...int) error {
	return m.change(e, versions, func(v *kv.Version) { v.DeletionTime = "" })
}

func (m *modelKV) DestroyVersions(_ context.Context, e kv.Entry, versions ...int) error {
	return m.change(e, versions, func(v *kv.Version) { v.Destroyed = true })
}

func (m *modelKV) change(e kv.Entry, versions []int, do func(*kv.Version)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.entries[e.Path]
	if !ok {
		return nil
	}
	for _, n := range versions {
		if v, ok := entry.versions[n]; ok {
			do(v)
		}
	}
	return nil
}

func (m *modelKV) Close(context.Context) error { return nil }

func (m *modelKV) List(_ context.Context, e kv.Entry) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for path := range m.entries {
		if name, below := strings.CutPrefix(path, e.Path+"/"); below {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil, refusal(kv.ErrNotFound, http.StatusNotFound)
	}
	return names, nil
}

func (m *modelKV) ReadMount(_ context.Context, _, mount string) (kv.Mount, error) {
	out := kv.Mount{Path: mount + "/", Type: "kv"}
	out.Options.Version = "2"
	return out, nil
}

func (m *modelKV) Capabilities(_ context.Context, _ string, paths ...string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, p := range paths {
		out[p] = []string{"create", "update", "read", "patch"}
	}
	return out, nil
}

// The outside writer has another token and writes no record.

func (m *modelKV) outsideWrite(e kv.Entry) kv.Written {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.append(e)
}

func (m *modelKV) outsideDelete(e kv.Entry) {
	m.mu.Lock()
	current := 0
	if entry, ok := m.entries[e.Path]; ok {
		current = entry.current
	}
	m.mu.Unlock()
	_ = m.DeleteVersions(context.Background(), e, current)
}

func (m *modelKV) outsideUndelete(e kv.Entry) {
	m.mu.Lock()
	current := 0
	if entry, ok := m.entries[e.Path]; ok {
		current = entry.current
	}
	m.mu.Unlock()
	_ = m.change(e, []int{current}, func(v *kv.Version) { v.DeletionTime = "" })
}

func (m *modelKV) outsidePurge(e kv.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, e.Path)
}
