// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"flag"
	"log"
	"os"
	"runtime/debug"

	"github.com/relay-secrets/terraform-provider-relay/internal/buildinfo"
	"github.com/relay-secrets/terraform-provider-relay/provider"
)

// version is set by the release build.
var version = buildinfo.Unknown

// garbagePercent is how much the heap may grow, in percent, before a collection. With
// the default, collections took a quarter of the time of a plan with 300 secrets.
const garbagePercent = 400

func main() {
	// With this variable the plugin library writes every value to disk in clear.
	if err := os.Unsetenv("TF_LOG_SDK_PROTO_DATA_DIR"); err != nil {
		log.Fatal(err)
	}

	quiet, err := muteLog(os.LookupEnv, os.Setenv)
	if err != nil {
		log.Fatal(err)
	}
	// A provider process lives for seconds.
	debug.SetGCPercent(garbagePercent)

	wait := flag.Bool("debug", false, "wait for a debugger and print how Terraform can attach")
	flag.Parse()
	err = provider.Serve(context.Background(), provider.Options{Version: buildinfo.Read(version).Version, Debug: *wait, Quiet: quiet})
	if err != nil {
		log.Fatal(err)
	}
}

// muteLog turns the log off, and reports true, if Terraform would discard it. Otherwise the
// provider writes, and Terraform parses, every trace line of the plugin library: a quarter
// of the time of a plan with many secrets.
func muteLog(lookup func(string) (string, bool), set func(name, value string) error) (quiet bool, err error) {
	for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"} {
		if level, _ := lookup(name); level != "" {
			return false, nil
		}
	}
	return true, set("TF_LOG_SDK", "OFF")
}
