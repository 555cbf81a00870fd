// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
)

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	repo := gittest.NewRepository(t, t.TempDir(), "shop.git")
	for range 3 {
		repo.Commit("main", "a.yaml", "a")
	}
	head := Commit(repo.Commit("main", "a.yaml", "b"))
	r, err := Open(t.Context(), repo.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]bool{3: false, 4: true} {
		h := &history{repository: r, objects: &batch{repository: r}, limit: limit, seen: map[[32]byte]bool{}}
		visited := 0
		whole, err := h.walk(t.Context(), head, func(Commit) bool { visited++; return true })
		h.objects.close()
		if err != nil || whole != want || visited != limit {
			t.Errorf("limit %d: visited %d commits, whole %v, %v", limit, visited, whole, err)
		}
	}
}
