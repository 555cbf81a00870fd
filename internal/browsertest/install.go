// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// names are programs in PATH and, for macOS, a path.
var names = []string{
	"google-chrome", "chromium", "chromium-browser",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// program returns the path of the installed browser, or installs one.
func program() (string, error) {
	if path, ok := installed(); ok {
		return path, nil
	}
	if os.Geteuid() != 0 {
		return "", errors.New("Chrome or Chromium: not found; install one, for example: sudo apt-get install chromium")
	}
	return install()
}

func installed() (path string, ok bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// install installs Debian's Chromium. The test processes of other packages, which run at the same
// time, wait for it.
func install() (string, error) {
	unlock, err := lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := installed(); ok {
		return path, nil
	}
	for _, args := range [][]string{
		{"update"},
		{"install", "--yes", "--no-install-recommends", "chromium"},
	} {
		cmd := exec.Command("apt-get", append([]string{"-o", "DPkg::Lock::Timeout=600"}, args...)...) //nolint:noctx // other test processes wait for it, too
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("Chrome or Chromium: not found; install one; %q failed: %w\n%s", cmd.Args, err, out)
		}
	}
	path, ok := installed()
	if !ok {
		return "", fmt.Errorf("none of %q is in PATH after apt-get install chromium", names)
	}
	return path, nil
}

// lock waits until no other process has the lock file in bin/.
func lock() (unlock func(), err error) {
	root, err := tools.RepositoryRoot()
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o750); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(bin, ".chromium.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}
