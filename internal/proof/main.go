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
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	pages := flag.String("pages", "", "write the table of each section to a file in this `folder`, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := prove(ctx, os.Stdout, flag.Args(), *pages); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		stop()
		os.Exit(1)
	}
}

// prove runs the rows of the chosen sections, or of all, and writes a table for each section.
func prove(ctx context.Context, stdout io.Writer, chosen []string, pages string) error {
	known := sections(rows)
	for _, section := range chosen {
		if !slices.Contains(known, section) {
			return fmt.Errorf("section %q is unknown; use: %s", section, strings.Join(known, ", "))
		}
	}
	failed := 0
	var tables bytes.Buffer
	for _, section := range known {
		if len(chosen) > 0 && !slices.Contains(chosen, section) {
			continue
		}
		begun := time.Now()
		results, err := proveSection(ctx, stdout, section)
		if err != nil {
			return err
		}
		var table bytes.Buffer
		write(&table, results)
		fmt.Fprintf(&table, "%s\nTime: %s\n", machine(ctx), time.Since(begun).Round(time.Second))
		fmt.Fprintf(&tables, "\n%s\n%s", strings.ToUpper(section), table.Bytes())
		if pages != "" {
			if err := os.WriteFile(filepath.Join(pages, section+".txt"), table.Bytes(), 0o644); err != nil { //nolint:gosec // a part of the documentation
				return fmt.Errorf("write the table: %w", err)
			}
		}
		failed += len(slices.DeleteFunc(results, result.passed))
	}
	if _, err := stdout.Write(tables.Bytes()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d rows failed", failed)
	}
	return nil
}

// proveSection runs the rows of a section, and shows what failed.
func proveSection(ctx context.Context, stdout io.Writer, section string) ([]result, error) {
	var results []result
	for _, r := range rows {
		if r.section != section {
			continue
		}
		fmt.Fprintf(stdout, "%s: %s ...\n", section, r.what)
		result, err := r.try(ctx)
		if err != nil {
			return nil, err
		}
		if !result.passed() {
			fmt.Fprintf(stdout, "%s\nfailed: %s\n", result.output, strings.Join(result.failed, ", "))
		}
		results = append(results, result)
	}
	return results, nil
}
