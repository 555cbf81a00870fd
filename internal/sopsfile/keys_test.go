// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	filippo "filippo.io/age"
)

func TestKeysPrintAsTheirPublicForms(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	keys := s.keys(t)
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("loaded", "keys", keys, "value", *keys, "group", slog.AnyValue([]*Keys{keys}))
	}
	encoded, err := json.Marshal(map[string]any{"keys": keys, "value": *keys})
	if err != nil {
		t.Fatal(err)
	}
	if shown := log.String() + string(encoded); strings.Contains(shown, "AGE-SECRET-KEY") || strings.Contains(shown, s.identity[20:40]) {
		t.Errorf("a private key shows: %s", shown)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{keys, *keys} {
			if got := fmt.Sprintf(format, value); got != s.recipient {
				t.Errorf("%T prints through %s as %q, want %q", value, format, got, s.recipient)
			}
		}
	}
	if got := fmt.Sprint(&Keys{}); got != "no key" {
		t.Errorf("no keys print as %q", got)
	}
}

func TestPostQuantumKeysOpen(t *testing.T) {
	t.Parallel()
	identity, err := filippo.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(t)
	s.identity, s.recipient = identity.String(), identity.Recipient().String()
	file := s.sealUsual(t, ".yaml")
	m := mustVerify(t, "team.yaml", file)
	if _, err := m.Decrypt(t.Context(), s.keys(t)); err != nil {
		t.Errorf("with the key: %v", err)
	}
	if !slices.Equal(m.Recipients, s.keys(t).Available()) {
		t.Error("the recipient and the public form of its key differ")
	}
	_, err = m.Decrypt(t.Context(), newSealer(t).keys(t))
	if err == nil || len(err.Error()) > 500 || !strings.Contains(err.Error(), s.recipient[:20]) {
		t.Errorf("without the key: %v", err)
	}
}
