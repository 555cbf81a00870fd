// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
// have it. It reads the file: to show the state, the CLI would start the provider.
func (w *Workspace) Attributes(t *testing.T, address string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var state struct {
		Resources []stateResource `json:"resources"`
	}
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		t.Fatalf("read the state: %v", err)
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if resource.address(instance.Key) == address {
				return instance.Attributes
			}
		}
	}
	return nil
}

// stateResource is a resource in a state file.
type stateResource struct {
	Module    string `json:"module"`
	Mode      string `json:"mode"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Instances []struct {
		Key        any            `json:"index_key"`
		Attributes map[string]any `json:"attributes"`
	} `json:"instances"`
}

// address is the address of an instance; key is its count.index, each.key, or nil.
func (r stateResource) address(key any) string {
	out := r.Type + "." + r.Name
	if r.Mode == "data" {
		out = "data." + out
	}
	if r.Module != "" {
		out = r.Module + "." + out
	}
	switch key := key.(type) {
	case string:
		return fmt.Sprintf("%s[%q]", out, key)
	case float64:
		return fmt.Sprintf("%s[%v]", out, key)
	}
	return out
}

func (w *Workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.Dir
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}
