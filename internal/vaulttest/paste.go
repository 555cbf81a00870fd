// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Paste runs lines of documentation or of a message in a shell, as a person who pastes
// them there. Their "vault" commands run with this token. It returns the output.
func (v *Vault) Paste(t testing.TB, token string, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	// The stand-in records its arguments, one a line and quoted by the shell itself.
	recorder := "#!/bin/bash\nprintf '%s\\0' \"$#\" \"$@\" >> \"$RECORD\"\n"
	if err := os.WriteFile(filepath.Join(dir, "vault"), []byte(recorder), 0o700); err != nil { //nolint:gosec // must be executable
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", strings.Join(lines, "\n"))
	record := filepath.Join(dir, "record")
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "RECORD=" + record}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("paste %q: %v\n%s", lines, err, out)
	}
	recorded, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for words := strings.Split(string(recorded), "\x00"); len(words) > 1; {
		var count int
		if _, err := fmt.Sscan(words[0], &count); err != nil {
			t.Fatal(err)
		}
		if err := (CLI{Address: v.Address, Token: token, Out: &out}).Run(words[1 : 1+count]); err != nil {
			t.Errorf("vault %q: %v", words[1:1+count], err)
		}
		words = words[1+count:]
	}
	return out.String()
}
