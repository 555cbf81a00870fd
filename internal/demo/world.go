// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Names that the steps share.
const (
	workflow   = "deploy-production"
	repository = "shop"
	manifest   = "shop/secrets.yaml"
	stack      = "stack" // the folder of the Terraform configuration
	state      = "stack/terraform.tfstate"
)

// world is everything that the demo creates: a temporary folder, in which all
// commands run, and a Vault. close removes it.
type world struct {
	*screen
	tools tools
	dir   string
	vault *devVault

	writer string // token of the writing side
	reader string // token of the workflow's steps
	person string // token of a person

	// running are the programs that close stops, in the order of their start.
	running []*background

	// values lists every value of the demo; no output of the writing side may
	// contain one.
	values []string
}

func newWorld(t tools, s *screen) (*world, error) {
	dir, err := os.MkdirTemp("", "relay-demo-")
	if err != nil {
		return nil, fmt.Errorf("create a temporary folder: %w", err)
	}
	w := &world{screen: s, tools: t, dir: dir}
	for _, folder := range []string{"home", "tmp", stack} {
		if err := os.Mkdir(w.path(folder), 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("create a folder: %w", err), w.close())
		}
	}
	return w, nil
}

// leftoverError names the folder that could not be removed.
type leftoverError struct {
	dir   string
	cause error
}

func (e *leftoverError) Error() string {
	return fmt.Sprintf("clean up: %[2]v; remove %[1]s by hand", e.dir, e.cause)
}

// close stops the programs, the last first, and removes the folder.
func (w *world) close() error {
	var stopped error
	for _, b := range slices.Backward(w.running) {
		stopped = errors.Join(stopped, b.stop())
	}
	if err := os.RemoveAll(w.dir); err != nil {
		return errors.Join(stopped, &leftoverError{w.dir, err})
	}
	return stopped
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// write creates a file in the folder.
func (w *world) write(name, content string) error {
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	if err := os.WriteFile(w.path(name), []byte(content), 0o600); err != nil {
		return fmt.Errorf("write a file: %w", err)
	}
	return nil
}

func (w *world) read(name string) (string, error) {
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		return "", fmt.Errorf("read a file: %w", err)
	}
	return string(data), nil
}

// environment returns the environment of a command. Of the user's own, only PATH
// is passed on.
func (w *world) environment(extra map[string]string) []string {
	env := map[string]string{
		"PATH":   w.tools.bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME":   w.path("home"),
		"TMPDIR": w.path("tmp"),
	}
	maps.Copy(env, extra)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// checkBlind fails if a text contains a value.
func (w *world) checkBlind(what, text string) error {
	for _, value := range w.values {
		if strings.Contains(text, value) {
			return fmt.Errorf("%s contains the value %q, which must not be there:\n%s", what, value, text)
		}
	}
	return nil
}

// platform is Terraform's name of this operating system and architecture.
const platform = runtime.GOOS + "_" + runtime.GOARCH
