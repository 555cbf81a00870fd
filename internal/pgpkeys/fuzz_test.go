// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package pgpkeys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzRead: a file is refused by one of two errors, or has keys whose strength is known, and which a
// second reading finds again.
func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("../signature/testdata/*.asc")
	if err != nil || len(paths) == 0 {
		f.Fatalf("%q %v", paths, err)
	}
	var seeds []fuzztest.Seed
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, fuzztest.Seed{data})
	}
	seeds = append(seeds, fuzztest.Seed{bytes.Join([][]byte{seeds[0][0].([]byte), seeds[1][0].([]byte)}, []byte("\n"))})
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := Read(data)
		if err != nil {
			if !errors.Is(err, ErrNoKeys) && !errors.Is(err, ErrOtherRevocation) || len(keys) > 0 {
				t.Errorf("got %d keys and %v", len(keys), err)
			}
			return
		}
		if len(keys) == 0 {
			t.Error("no keys and no error")
		}
		for _, key := range keys {
			Weakness(key.PrimaryKey)
			for _, subkey := range key.Subkeys {
				Weakness(subkey.PublicKey)
			}
		}
		if again, err := Read(data); err != nil || len(again) != len(keys) {
			t.Errorf("got %d keys, then %d (%v)", len(keys), len(again), err)
		}
	})
}
