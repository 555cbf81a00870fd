// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"flag"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/mantest"
)

// make package-files sets it.
var manFolder = flag.String("man", "", "write the man pages to this folder")

func TestEachCommandHasAManPage(t *testing.T) {
	mantest.Write(t, newOptions(&bytes.Buffer{}, &bytes.Buffer{}).rootCommand(), build.Version, *manFolder)
}
