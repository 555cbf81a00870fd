// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// failOver does something to the active node of a cluster, and waits until another is active. It
// returns the function that unseals the former one.
func (s *scene) failOver(do func(*vaulttest.Vault, testing.TB)) (unseal func()) {
	s.t.Helper()
	former := s.vault.Active(s.t)
	do(former, s.t)
	if !await.Until(time.Minute, func() bool {
		now := s.vault.Active(s.t)
		return now != nil && now.Address != former.Address
	}) {
		s.t.Fatal("no other node became active")
	}
	s.vault.Address = s.vault.Active(s.t).Address // for what the test reads
	return func() { former.Unseal(s.t) }
}

// fillDisk leaves no room in the files of Vault's storage: the limit of the process has the effect of a
// full disk, without the rights that a file system of its own needs.
func (s *scene) fillDisk() {
	s.t.Helper()
	var limit unix.Rlimit
	if err := unix.Prlimit(s.vault.PID(s.t), unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		s.t.Fatal(err)
	}
	limit.Cur = 1
	if err := unix.Prlimit(s.vault.PID(s.t), unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		s.t.Fatal(err)
	}
}

// accessors are those of all tokens that a login at this path created; "" for all but the root token.
func (s *scene) accessors(login string) []string {
	s.t.Helper()
	_, listed := s.vault.Call(s.t, s.vault.RootToken, "LIST", "auth/token/accessors", nil)
	data, _ := listed["data"].(map[string]any)
	keys, _ := data["keys"].([]any)
	var out []string
	for _, key := range keys {
		status, answer := s.vault.Call(s.t, s.vault.RootToken, http.MethodPost, "auth/token/lookup-accessor", map[string]any{"accessor": key})
		token, _ := answer["data"].(map[string]any)
		path, _ := token["path"].(string)
		if status == http.StatusOK && path != "auth/token/root" && (login == "" || path == login) {
			out = append(out, fmt.Sprint(key))
		}
	}
	return out
}

func (s *scene) revokeAll() {
	s.t.Helper()
	for _, accessor := range s.accessors("") {
		if status, answer := s.vault.Call(s.t, s.vault.RootToken, http.MethodPost, "auth/token/revoke-accessor", map[string]any{"accessor": accessor}); status >= 300 {
			s.t.Fatalf("revoke: %d %v", status, answer)
		}
	}
}

// awaitExpiry waits until each token of relay-sync has expired.
func (s *scene) awaitExpiry() {
	s.t.Helper()
	const login = "auth/approle/login"
	before := s.accessors(login)
	if len(before) == 0 {
		s.t.Error("relay-sync has no token")
	}
	if !await.Until(time.Minute, func() bool {
		now := s.accessors(login)
		return !slices.ContainsFunc(before, func(accessor string) bool { return slices.Contains(now, accessor) })
	}) {
		s.t.Fatal("a token has not expired")
	}
}

// skew sets Vault's clock wrong, and returns the function that sets it right.
func (s *scene) skew(by time.Duration) func() {
	s.proxy.Skew(by)
	return func() { s.proxy.Skew(0) }
}
