// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"testing"

	"github.com/fsnotify/fsnotify"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// TestOnlyTheRenameOfTheRefIsAMove: a hint at once for anything else would come before the
// ref has moved, and again when it has.
func TestOnlyTheRenameOfTheRefIsAMove(t *testing.T) {
	t.Parallel()
	r := &Repository{git: gitcommand.Git{Dir: "/r/.git"}}
	w := &watch{moves: r.moves("heads", "team/main")}
	for _, row := range []struct {
		name string
		op   fsnotify.Op
		want bool
	}{
		{"/r/.git/refs/heads/team/main", fsnotify.Create, true},
		{"/r/.git/reftable/tables.list", fsnotify.Create, true},
		{"/r/.git/refs/heads/team/main", fsnotify.Remove, false},
		{"/r/.git/refs/heads/team/main", fsnotify.Write, false},
		{"/r/.git/refs/heads/team/main.lock", fsnotify.Create, false},
		{"/r/.git/refs/heads/team/other", fsnotify.Create, false},
		{"/r/.git/refs/heads/team", fsnotify.Create, false},
		{"/r/.git/refs/tags/team/main", fsnotify.Create, false},
		{"/r/.git/reftable/tables.list.lock", fsnotify.Create, false},
		{"/r/.git/packed-refs", fsnotify.Create, false},
		{"/r/.git/HEAD", fsnotify.Create, false},
	} {
		if got := w.isMove(fsnotify.Event{Name: row.name, Op: row.op}); got != row.want {
			t.Errorf("%s of %s: a move is %t, want %t", row.op, row.name, got, row.want)
		}
	}
}
