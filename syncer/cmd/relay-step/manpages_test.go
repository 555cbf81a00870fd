// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"flag"
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/mantest"
)

// make package-files sets it.
var manFolder = flag.String("man", "", "write the man pages to this folder")

func TestEachCommandHasAManPage(t *testing.T) {
	mantest.Write(t, (&options{}).rootCommand(), build.Version, *manFolder)
}

func TestShellCompletesTheLogins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"exec", "run"} {
		command, _, err := (&options{}).rootCommand().Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if values, found := command.GetFlagCompletionFunc("login"); !found {
			t.Errorf("%s completes no login", name)
		} else if got, _ := values(command, nil, ""); !slices.Equal(got, methods) {
			t.Errorf("%s completes %q", name, got)
		}
	}
}
