// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runTimeout bounds one run of a CLI.
const runTimeout = 2 * time.Minute

// Workspace is a directory with a configuration and its state.
type Workspace struct {
	Dir string
	// Home is the home directory of every run, empty at first.
	Home string

	program string
	// offered maps the address of each provider to its directory.
	offered map[string]string
	env     map[string]string
}

// Result is the result of one run.
type Result struct {
	Code   int
	Output string // standard output and standard error, in order
}

// Setenv sets a variable for every run from now on.
func (w *Workspace) Setenv(name, value string) { w.env[name] = value }

// Write replaces the configuration, main.tf.
func (w *Workspace) Write(t *testing.T, configuration string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatalf("write the configuration: %v", err)
	}
}

// Run runs the CLI with these arguments, and returns its result even if it failed.
func (w *Workspace) Run(t *testing.T, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	cmd := w.command(ctx, args...)
	output, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() < 0) {
		t.Fatalf("run %s %s: %v\n%s", filepath.Base(w.program), strings.Join(args, " "), err, output)
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Output: string(output)}
}

// Must is Run for a command that must succeed.
func (w *Workspace) Must(t *testing.T, args ...string) Result {
	t.Helper()
	result := w.Run(t, args...)
	if result.Code != 0 {
		t.Fatalf("%s %s: exit %d:\n%s", filepath.Base(w.program), strings.Join(args, " "), result.Code, result.Output)
	}
	return result
}

// Fails is Run for a command that must fail with these texts in its output. Line breaks
// and the frame of a diagnostic are ignored.
func (w *Workspace) Fails(t *testing.T, args []string, texts ...string) Result {
	t.Helper()
	result := w.Run(t, args...)
	if result.Code != 1 {
		t.Errorf("%s: exit %d, want 1:\n%s", strings.Join(args, " "), result.Code, result.Output)
	}
	result.Contains(t, texts...)
	return result
}

// Contains fails the test unless the output has the texts.
func (r Result) Contains(t *testing.T, texts ...string) {
	t.Helper()
	output := unwrapped(r.Output)
	for _, text := range texts {
		if !strings.Contains(output, unwrapped(text)) {
			t.Errorf("the output does not contain %q:\n%s", text, r.Output)
		}
	}
}

// unwrapped removes line breaks and frames, which fit a text to a terminal.
func unwrapped(output string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " ")
}

// Apply plans and applies, and returns the result.
func (w *Workspace) Apply(t *testing.T) Result {
	t.Helper()
	return w.Must(t, "apply", "-auto-approve")
}

// Destroy destroys everything, and returns the result.
func (w *Workspace) Destroy(t *testing.T) Result {
	t.Helper()
	return w.Must(t, "destroy", "-auto-approve")
}

// Attributes returns the attributes of a resource in the state; nil if the state does not
// have it.
func (w *Workspace) Attributes(t *testing.T, address string) map[string]any {
	t.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	w.showJSON(t, &state)
	for _, resource := range state.Values.Root.Resources {
		if resource.Address == address {
			return resource.Values
		}
	}
	return nil
}

// showJSON decodes "show -json": of the state, or of a plan file.
func (w *Workspace) showJSON(t *testing.T, into any, files ...string) {
	t.Helper()
	output, err := w.command(t.Context(), append([]string{"show", "-json"}, files...)...).Output()
	if err != nil {
		t.Fatalf("show -json: %v\n%s", err, output)
	}
	if err := json.Unmarshal(output, into); err != nil {
		t.Fatalf("decode show -json: %v", err)
	}
}

func (w *Workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.Dir
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}
