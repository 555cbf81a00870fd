// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// takeEnvironment returns Vault's variables and removes them from the environment of this
// process. The client library of Vault would read them by itself: with VAULT_WRAP_TTL, a
// plan would take existing secrets for absent.
func takeEnvironment() manual.Environment {
	taken := map[string]string{}
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			taken[name] = value
			_ = os.Unsetenv(name) // never fails for a name of Environ
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // then there is no token file either
	}
	return manual.Environment{Get: func(name string) string { return taken[name] }, Home: home}
}

// prompt reads a line from the terminal without echo. It restores the terminal also
// after a signal.
func (o *options) prompt(ctx context.Context, label string) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("prompt for the value: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	answered := make(chan answer, 1)
	o.ask(label)
	go func() {
		text, err := term.ReadPassword(fd)
		answered <- answer{text, err}
	}()
	defer fmt.Fprintln(o.stderr)
	select {
	case <-ctx.Done():
		return "", errors.Join(errors.New("canceled: nothing was written"), term.Restore(fd, before))
	case a := <-answered:
		if a.err != nil {
			return "", fmt.Errorf("prompt for the value: %w", a.err)
		}
		return string(a.text), nil
	}
}
