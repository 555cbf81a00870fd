// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// terminal opens a pseudo-terminal: a program writes to one end, its user reads the
// other.
func terminal(t *testing.T) (program, user *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program, user
}

func TestProgressUpdatesLineOnTerminal(t *testing.T) {
	t.Parallel()
	program, user := terminal(t)
	progress := (&options{stderr: foreign.NewWriter(program, false)}).progress()
	for i := range 1000 {
		progress("shop", i+1, 1000)
	}
	fmt.Fprint(program, "END")
	var seen []byte
	for buffer := make([]byte, 4096); !bytes.Contains(seen, []byte("END")); {
		n, err := user.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, buffer[:n]...)
	}
	text := string(seen)
	for _, want := range []string{"shop: 1 of 1000", "shop: 1000 of 1000\r\x1b[KEND"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal shows %q, without %q", text, want)
		}
	}
	// Updates are limited in time, not printed for each secret.
	if n := strings.Count(text, "shop: "); n > 100 {
		t.Errorf("%d lines", n)
	}
}

func TestProgressPrintsNothingToFile(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	(&options{stderr: foreign.NewWriter(&log, false)}).progress()("shop", 1, 2)
	if log.Len() > 0 {
		t.Errorf("written to a file: %q", &log)
	}
}
