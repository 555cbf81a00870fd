// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// oldestMinor is the first 1.x with write-only attributes, in Terraform and in
// OpenTofu alike.
const oldestMinor = 11

// tools are the programs that the demo runs.
type tools struct {
	// bin is the folder of the programs that make built.
	bin string
	// clis lists paths of Terraform and OpenTofu, the preferred first.
	clis []string
	// cli is the one that findTools chose.
	cli string
}

// clisOf lists the Terraform programs to try: installed ones, then the one in bin.
func clisOf(bin string) []string {
	var found []string
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	return append(found, filepath.Join(bin, "tofu"))
}

// find returns the path of a program.
func (t tools) find(name string) (string, error) {
	switch name {
	case "git":
		path, err := exec.LookPath(name)
		if err != nil {
			return "", errors.New("git: not found in PATH; install git")
		}
		return path, nil
	case filepath.Base(t.cli):
		return t.cli, nil
	}
	path, err := exec.LookPath(filepath.Join(t.bin, name))
	if err != nil {
		return "", fmt.Errorf("%s: not found in %s; run \"make demo\", which builds it", name, t.bin)
	}
	return path, nil
}

// findTools fails if a program is missing, and chooses Terraform or OpenTofu.
func (w *world) findTools(ctx context.Context) error {
	for _, name := range []string{"devvault", "relay-sync", "terraform-provider-relay", "sops", "age-keygen", "git"} {
		if _, err := w.tools.find(name); err != nil {
			return err
		}
	}
	var problems []error
	for _, cli := range w.tools.clis {
		w.tools.cli = cli
		err := w.checkCLI(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		problems = append(problems, fmt.Errorf("%s: %w", cli, err))
	}
	return fmt.Errorf("find Terraform or OpenTofu: %w", errors.Join(problems...))
}

// checkCLI refuses a version that is too old.
func (w *world) checkCLI(ctx context.Context) error {
	output, code, err := w.execute(ctx, command{args: []string{w.cliName(), "version", "-json"}, env: cliSettings()})
	if err != nil {
		return err
	}
	var answer struct {
		Version string `json:"terraform_version"` // OpenTofu uses the same key
	}
	if err := json.Unmarshal([]byte(output), &answer); code != 0 || err != nil {
		return fmt.Errorf("the version command ended with exit code %d: %s", code, strings.TrimSpace(output))
	}
	var major, minor int
	if _, err := fmt.Sscanf(answer.Version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("invalid version %q: must be a number", answer.Version)
	}
	if major < 1 || major == 1 && minor < oldestMinor {
		return fmt.Errorf("unsupported version %s: must be 1.%d or later", answer.Version, oldestMinor)
	}
	return nil
}

// cliName is "terraform" or "tofu".
func (w *world) cliName() string { return filepath.Base(w.tools.cli) }

// cliTitle is the name of the product.
func (w *world) cliTitle() string {
	if w.cliName() == "tofu" {
		return "OpenTofu"
	}
	return "Terraform"
}
