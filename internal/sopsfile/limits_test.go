// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// tooLong is hundreds of times what a busy machine needs: a file whose time grows with the square of
// its size needs more.
const tooLong = 30 * time.Second

func head(name string) string {
	return map[string]string{
		"a.yaml": "workflows: {a: {b: \"ENC[\"}}\n",
		"a.json": `{"workflows": {"a": {"b": "ENC["}}, `,
	}[name]
}

// TestLimitsAreCheckedBeforeWork has files of almost 1 MiB that are refused by a limit.
// The memory is what the whole call allocates.
func TestLimitsAreCheckedBeforeWork(t *testing.T) { // not parallel: it measures
	const size = 1<<20 - 200
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	for _, row := range []struct{ name, file, text, want string }{
		{"250,000 recipients in YAML", "a.yaml", "sops:\n  age: [" + fill("{},") + "{}]\n", "more than 50000 of the characters"},
		{"as many in a block", "a.yaml", "sops:\n  age:\n" + fill("  -\n"), "more than 50000 of the characters"},
		{"250,000 recipients in JSON", "a.json", `"sops": {"age": [` + fill("{},") + "{}]}}", "more than 50000 of the characters"},
		{"a million keys", "a.yaml", "sops: {" + fill("a,") + "}\n", "more than 50000 of the characters"},
		{"a million lists", "a.yaml", "sops: " + fill("["), "more than 50000 of the characters"},
		{"a million empty lines of a Mac", "a.yaml", "sops:\n" + fill("-\r"), "more than 50000 of the characters"},
		{"1,000 recipients", "a.yaml", "sops:\n  age:\n" + strings.Repeat("  - {recipient: a, enc: b}\n", 1000), "has 1000 recipients; at most 64 are allowed"},
		{"1,000 recipients in JSON", "a.json", `"sops": {"pgp": [` + strings.Repeat("{},", 999) + "{}]}}", "has 1000 recipients; at most 64 are allowed"},
		{"1,000 recipients in two groups", "a.yaml", "sops:\n  key_groups:\n" + strings.Repeat("  - age:\n"+strings.Repeat("    - {recipient: a, enc: b}\n", 500), 2), "has 1000 recipients; at most 64 are allowed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			data := []byte(head(row.file) + row.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, err := sopsfile.Verify(row.file, data)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d KiB: %d MiB in %s: %.300v", len(data)>>10, allocated, took.Round(time.Millisecond), err)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("want %q, got %.300v", row.want, err)
			}
			if allocated > 16 || took > tooLong {
				t.Errorf("%d MiB of memory in %s", allocated, took)
			}
		})
	}
}

// TestDenseFileIsReadInLittleMemory has files that are just within the limit of marks.
func TestDenseFileIsReadInLittleMemory(t *testing.T) { // not parallel: it measures
	fill := func(part string, marks int) string { return strings.Repeat(part, 49_900/marks) }
	for name, text := range map[string]string{
		"lists":             "sops: [" + fill("a,", 1) + "]\n",
		"nested lists":      "sops: [" + strings.Repeat("["+strings.Repeat("{},", 4), 9_000) + "]\n",
		"keys":              "sops: {" + fill("a: b,", 2) + "}\n",
		"lines":             "sops:\n" + fill("  - a\n", 2),
		"comments":          "sops:\n" + fill("  # a\n", 1),
		"deep":              "sops: " + strings.Repeat("[", 9_900) + "\n",
		"keys of a mapping": "sops: {}\nworkflows:\n" + strings.Repeat("  a: {}\n", 12_000),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, err := sopsfile.Verify("a.yaml", []byte("ENC[: b\n"+text))
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d KiB: %d MiB in %s: %.200v", len(text)>>10, allocated, took.Round(time.Millisecond), err)
			if err == nil {
				t.Error("the file is valid")
			}
			if allocated > 64 || took > tooLong {
				t.Errorf("%d MiB of memory in %s", allocated, took)
			}
		})
	}
}
