// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	page := flag.String("page", "", "write the tables to this `file`, if all sections ran")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := prove(ctx, os.Stdout, flag.Args(), *page); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		stop()
		os.Exit(1)
	}
}

// prove runs the rows of the chosen sections, or of all, and writes the tables.
func prove(ctx context.Context, stdout io.Writer, chosen []string, page string) error {
	known := sections(rows)
	for _, section := range chosen {
		if !slices.Contains(known, section) {
			return fmt.Errorf("section %q is unknown; use: %s", section, strings.Join(known, ", "))
		}
	}
	begun := time.Now()
	var results []result
	for _, r := range rows {
		if len(chosen) > 0 && !slices.Contains(chosen, r.section) {
			continue
		}
		fmt.Fprintf(stdout, "%s: %s ...\n", r.section, r.what)
		result, err := r.try(ctx)
		if err != nil {
			return err
		}
		if !result.passed() {
			fmt.Fprintf(stdout, "%s\nfailed: %s\n", result.output, strings.Join(result.failed, ", "))
		}
		results = append(results, result)
	}
	var tables bytes.Buffer
	fmt.Fprintf(&tables, "%s\nTime: %s\n\n", machine(ctx), time.Since(begun).Round(time.Second))
	write(&tables, results)
	fmt.Fprintf(stdout, "\n%s", tables.Bytes())
	if page != "" && len(chosen) == 0 {
		if err := os.WriteFile(page, tables.Bytes(), 0o644); err != nil { //nolint:gosec // a page of the documentation
			return fmt.Errorf("write the tables: %w", err)
		}
	}
	if failed := slices.DeleteFunc(results, result.passed); len(failed) > 0 {
		return fmt.Errorf("%d rows failed", len(failed))
	}
	return nil
}
