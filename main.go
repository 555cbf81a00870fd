// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// terraform-provider-relay serves the Terraform provider "relay".
package main

import (
	"context"
	"flag"
	"log"
	"os"

	"github.com/relay-secrets/terraform-provider-relay/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	// With it the plugin library would write every value to disk in clear.
	if err := os.Unsetenv("TF_LOG_SDK_PROTO_DATA_DIR"); err != nil {
		log.Fatal(err)
	}

	debug := flag.Bool("debug", false, "wait for a debugger and print how Terraform can attach")
	flag.Parse()
	if err := provider.Serve(context.Background(), version, *debug); err != nil {
		log.Fatal(err)
	}
}
