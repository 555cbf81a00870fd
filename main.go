// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// terraform-provider-relay serves the Terraform provider "relay".
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"runtime/debug"

	"github.com/relay-secrets/terraform-provider-relay/provider"
)

// version is set by the release build.
var version = "dev"

// garbagePercent is how much the heap may grow, in percent, before it is collected.
// Of a plan with 300 secrets, collecting took a quarter of the provider's time.
const garbagePercent = 400

func main() {
	// With it the plugin library would write every value to disk in clear.
	if err := os.Unsetenv("TF_LOG_SDK_PROTO_DATA_DIR"); err != nil {
		log.Fatal(err)
	}

	if err := muteUnheard(os.LookupEnv, os.Setenv); err != nil {
		log.Fatal(err)
	}
	// A provider lives for seconds: collect garbage less often.
	debug.SetGCPercent(garbagePercent)

	wait := flag.Bool("debug", false, "wait for a debugger and print how Terraform can attach")
	flag.Parse()
	if err := provider.Serve(context.Background(), version, *wait); err != nil {
		log.Fatal(err)
	}
}

// muteUnheard turns the plugin library's own log off where Terraform drops it
// anyway. Otherwise every trace line is written by the provider and parsed by
// Terraform: a quarter of the time that a plan with many secrets takes.
func muteUnheard(lookup func(string) (string, bool), set func(name, value string) error) error {
	for _, asks := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"} {
		if level, _ := lookup(asks); level != "" {
			return nil
		}
	}
	return set("TF_LOG_SDK", "OFF")
}
