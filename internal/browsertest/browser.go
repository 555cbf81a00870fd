// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser is the browser process of a test process.
type browser struct {
	ctx context.Context
	dir string
	// remover removes dir when it is closed, and the end of this process closes it. Without a reference
	// the garbage collector would.
	remover io.Closer
}

// shared starts the browser at the first call.
var shared = sync.OnceValues(launch)

func start(t testing.TB) browser {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return b
}

// Dir returns the folder of the browser's profile and temporary files, for all tests of the process.
func Dir(t testing.TB) string {
	t.Helper()
	return start(t).dir
}

func launch() (browser, error) {
	path, err := program()
	if err != nil {
		return browser{}, err
	}
	dir, err := os.MkdirTemp("", "browsertest-")
	if err != nil {
		return browser{}, err
	}
	remover, err := removeAtEnd(dir)
	if err != nil {
		return browser{}, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(dir+"/profile"),
		chromedp.NoInheritEnv,
		chromedp.Env("PATH=/usr/bin:/bin", "HOME="+dir, "TMPDIR="+dir, "LANG=C.UTF-8"),
		chromedp.WindowSize(wide, height),
		chromedp.IgnoreCertErrors,
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...) // for the life of the process
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		return browser{}, fmt.Errorf("%s: %w", path, err)
	}
	return browser{ctx: ctx, dir: dir, remover: remover}, nil
}

// removeAtEnd removes the folder after the end of this process, also if the process is killed. The kernel
// kills the browser at the same time, but its helpers can write for a moment.
func removeAtEnd(dir string) (io.Closer, error) {
	cmd := exec.Command("sh", "-c", `cat; for i in 1 2 3 4 5; do sleep 1; rm -rf "$0"; done`, dir) //nolint:noctx // lives longer than the process
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return stdin, cmd.Start()
}
