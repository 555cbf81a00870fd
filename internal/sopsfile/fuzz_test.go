// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	filippo "filippo.io/age"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// fuzzIdentity opens nothing but the seeds. It is fixed because the processes that
// share a corpus must share the key.
const fuzzIdentity = "AGE-SECRET-KEY-1H8JEF0MZ8LAN76WNHE24PWJR9W8FUFFUUHU297VYKMCR2LJCK4USPKP2R3"

func fuzzRecipient(f *testing.F) string {
	f.Helper()
	identity, err := filippo.ParseX25519Identity(fuzzIdentity)
	if err != nil {
		f.Fatal(err)
	}
	return identity.Recipient().String()
}

func authenticatedPath(workflow, name string) string {
	return secretLocation(workflow, name, "").authenticated()
}

// FuzzVerify: whatever the bytes, a file is refused by a typed error or opens to
// values that were sealed for its addresses, and no error holds a value.
func FuzzVerify(f *testing.F) {
	s := newSealer(f)
	s.identity, s.recipient = fuzzIdentity, fuzzRecipient(f)
	s.dataKey = bytes.Repeat([]byte{7}, dataKeyBytes)
	keys := s.keys(f)
	sealedFor := map[string]string{
		authenticatedPath("deploy", "token"): canaryToken,
		authenticatedPath("deploy", "port"):  canaryPort,
		authenticatedPath("backup", "token"): canaryBackup,
	}
	seeds := []fuzztest.Seed{
		{"workflows: {w: {n: &a [*a, *a]}}\nsops: {}\n", false},
		{"sops: {age: [{recipient: x, enc: y}], kms: [{context: {k: null}}], lastmodified: \"2026-11-22T18:24:47Z\", mac: ENC[]}", false},
	}
	for _, format := range []string{".yaml", ".json"} {
		file, isJSON := s.sealUsual(f, format), format == ".json"
		seeds = append(seeds, fuzztest.Seed{file, isJSON},
			fuzztest.Seed{strings.Replace(file, "deploy", "&deploy", 1), isJSON},
			fuzztest.Seed{strings.Replace(file, "type:str", "type:bytes", 1), isJSON},
			fuzztest.Seed{strings.Replace(file, "token", "token_unencrypted", 1), isJSON})
	}
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, file string, isJSON bool) {
		name := "team.yaml"
		if isJSON {
			name = "team.json"
		}
		m, err := Verify(name, []byte(file))
		var values []string
		if err == nil {
			values, _, err = m.open(t.Context(), keys)
		}
		var problems *Problems
		var noKey *NoKeyError
		switch {
		case err == nil:
			for i, value := range values {
				if want := sealedFor[authenticatedPath(m.Leaves[i].Workflow, m.Leaves[i].Name)]; value != want {
					t.Errorf("%s/%s opens to another value", m.Leaves[i].Workflow, m.Leaves[i].Name)
				}
			}
		case strings.Contains(err.Error(), "canary-of"):
			t.Errorf("the error holds a value: %v", err)
		case errors.As(err, &problems) && errors.Is(err, secrets.ErrInvalid), errors.As(err, &noKey):
		default:
			t.Errorf("got an error of type %T: %v", err, err)
		}
	})
}

// FuzzVerifyMapped: whatever the bytes, a mapped file is refused by a typed error or
// opens to values that were sealed for its names, and no error holds a value.
func FuzzVerifyMapped(f *testing.F) {
	s := newSealer(f)
	s.identity, s.recipient = fuzzIdentity, fuzzRecipient(f)
	s.dataKey = bytes.Repeat([]byte{7}, dataKeyBytes)
	keys := s.keys(f)
	sealedFor := map[string]string{
		"TOKEN": canaryToken, "PORT": canaryPort, "token": canaryToken, "DEFAULT.token": canaryToken,
		"db.port": canaryPort, "db.backup": canaryBackup, "blob": canaryToken,
	}
	suffixes := []string{".env", ".ini", ".bin", ".yaml"}
	var seeds []fuzztest.Seed
	for i, suffix := range suffixes {
		file, which := s.seal(f, suffix, mappedTree(suffix)), uint8(i)
		seeds = append(seeds, fuzztest.Seed{file, which},
			fuzztest.Seed{strings.Replace(file, "type:str", "type:bytes", 1), which},
			fuzztest.Seed{strings.Replace(file, "=", " \\\n", 1), which},
			fuzztest.Seed{strings.Replace(file, "ENC", `"""ENC`, 1), which})
	}
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, file string, which uint8) {
		suffix := suffixes[int(which)%len(suffixes)]
		m, err := VerifyMapped("app"+suffix, []byte(file), mappingFor(suffix))
		var values []string
		if err == nil {
			values, _, err = m.open(t.Context(), keys)
		}
		var problems *Problems
		var noKey *NoKeyError
		switch {
		case err == nil:
			for i, value := range values {
				if want := sealedFor[m.Leaves[i].Name]; value != want {
					t.Errorf("%s opens to another value", m.Leaves[i].Name)
				}
			}
		case strings.Contains(err.Error(), "canary-of"):
			t.Errorf("the error holds a value: %v", err)
		case errors.As(err, &problems) && errors.Is(err, secrets.ErrInvalid), errors.As(err, &noKey):
		default:
			t.Errorf("got an error of type %T: %v", err, err)
		}
	})
}
