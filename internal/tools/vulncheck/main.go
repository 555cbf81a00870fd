// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

//go:embed allowed.txt
var allowedText string

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("expected one argument, the report of govulncheck")
	}
	data, err := os.ReadFile(args[0]) //nolint:gosec // the file of the developer
	if err != nil {
		return err
	}
	found, err := parseReport(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("read %s: %w", args[0], err)
	}
	allowed, err := parseAllowed(allowedText)
	if err != nil {
		return fmt.Errorf("read allowed.txt: %w", err)
	}
	if failures := gate(found, allowed, time.Now()); len(failures) > 0 {
		return errors.New(strings.Join(failures, "\n"))
	}
	return nil
}
