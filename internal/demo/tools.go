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
	// bin is the folder with those that make built.
	bin string
	// clis are command lines for Terraform configurations, the preferred first.
	clis []string
	// cli is the one that findTools chose.
	cli string
}

// clisOf are the command lines to try: what is installed, else what make built.
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
			return "", errors.New("git is not in PATH; install it")
		}
		return path, nil
	case filepath.Base(t.cli):
		return t.cli, nil
	}
	path, err := exec.LookPath(filepath.Join(t.bin, name))
	if err != nil {
		return "", fmt.Errorf("%s is not in %s; run the demo with \"make demo\", which builds it", name, t.bin)
	}
	return path, nil
}

// findTools fails if a program is missing and chooses the command line.
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
	return fmt.Errorf("looking for Terraform or OpenTofu: %w", errors.Join(problems...))
}

// checkCLI refuses a command line that is too old.
func (w *world) checkCLI(ctx context.Context) error {
	said, code, err := w.execute(ctx, command{args: []string{w.cliName(), "version", "-json"}, env: cliSettings()})
	if err != nil {
		return err
	}
	var answer struct {
		Version string `json:"terraform_version"` // OpenTofu calls it so as well
	}
	if err := json.Unmarshal([]byte(said), &answer); code != 0 || err != nil {
		return fmt.Errorf("asking its version ended with exit code %d: %s", code, strings.TrimSpace(said))
	}
	var major, minor int
	if _, err := fmt.Sscanf(answer.Version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("its version is %q; expected a number", answer.Version)
	}
	if major < 1 || major == 1 && minor < oldestMinor {
		return fmt.Errorf("it is version %s; expected 1.%d or later", answer.Version, oldestMinor)
	}
	return nil
}

// cliName is "terraform" or "tofu".
func (w *world) cliName() string { return filepath.Base(w.tools.cli) }

// cliTitle is what the product is called.
func (w *world) cliTitle() string {
	if w.cliName() == "tofu" {
		return "OpenTofu"
	}
	return "Terraform"
}
