// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"net/http"
	"testing"
)

// AssertBlind fails the test if a request since the last Reset could return a value.
func (p *Proxy) AssertBlind(t testing.TB) {
	t.Helper()
	requests := p.Requests()
	if len(requests) == 0 {
		t.Error("no request passed the proxy: the test proves nothing")
	}
	for i, r := range requests {
		if reads(r) {
			t.Errorf("request %d reads a value: %s %s", i+1, r.Method, r.Path)
		}
	}
}

// AssertCheckAndSet fails the test if a write of data since the last Reset has no
// options.cas.
func (p *Proxy) AssertCheckAndSet(t testing.TB) {
	t.Helper()
	for i, r := range p.Requests() {
		write := r.Method == http.MethodPost || r.Method == http.MethodPut
		if write && kvOperation(r.Path) == "data" && !r.CAS {
			t.Errorf("request %d writes without check-and-set: %s %s", i+1, r.Method, r.Path)
		}
	}
}

// reads reports whether a request returns a value or makes Vault read one: a PATCH of
// data merges with the current value.
func reads(r Request) bool {
	switch kvOperation(r.Path) {
	case "data":
		return r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodDelete
	case "subkeys", "rollback":
		return true
	}
	return false
}
