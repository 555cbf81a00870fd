// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// module is the program that users run.
const module = "github.com/relay-secrets/terraform-provider-relay"

// program is the provider as users have it, built once and for all tests of a
// process. A build after "make" only links: the flags are those of "make".
var program = struct {
	once sync.Once
	dir  string
	err  error
}{}

// built is the file of the provider, without the race detector.
func built() (string, error) {
	program.once.Do(func() {
		program.dir, program.err = os.MkdirTemp("", "provider")
		if program.err != nil {
			return
		}
		build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-X main.version=test", "-o", program.dir, module)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("building the provider: %w\n%s", err, output)
		}
	})
	return filepath.Join(program.dir, programPrefix+"relay"), program.err
}

// removeBuilt cleans up after built.
func removeBuilt() {
	if program.dir != "" {
		_ = os.RemoveAll(program.dir) // it is in the directory for what may be lost
	}
}
