// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

var disks = flag.Bool("disks", false, "as root: TestDiskOfTheDataFolder with file systems of its own (make proof)")

// TestFewDescriptorsAreNoHarm applies with a limit on open files, from one that is too low to start to
// one that is enough. Each run succeeds or reports why not, and the next one goes on.
func TestFewDescriptorsAreNoHarm(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.next()
	i.converges()
	failed := 0
	for limit := 8; limit <= 40; limit += 8 {
		i.next()
		cmd := i.command("apply")
		limited := exec.Command("/bin/sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)}, cmd.Args...)...)
		limited.Env = cmd.Env
		out, err := limited.CombinedOutput()
		if err != nil {
			failed++
			if len(bytes.TrimSpace(out)) == 0 || bytes.Contains(out, []byte("goroutine ")) {
				t.Errorf("with %d descriptors: %v\n%s", limit, err, out)
			}
			t.Logf("with %d descriptors: %v\n%s", limit, err, out)
		}
		i.converges()
	}
	if failed == 0 {
		t.Error("no run failed: the test shows nothing")
	}
}

// TestDaemonOutOfDescriptorsGoesOn takes the descriptors of a running daemon away, and gives them back.
func TestDaemonOutOfDescriptorsGoesOn(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.daemonWithout(unix.RLIMIT_NOFILE, "too many open files")
}

// TestDaemonThatCanStoreNothingGoesOn lets every write to a file fail, as on a full disk: the change
// whose audit line cannot be written is not made.
func TestDaemonThatCanStoreNothingGoesOn(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.daemonWithout(unix.RLIMIT_FSIZE, "")
}

// lockedText is a log that another goroutine writes.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// daemonWithout limits a resource of a daemon to nothing, and commits. Then it takes the limit away.
func (i *installation) daemonWithout(resource int, logs string) {
	i.t.Helper()
	i.next()
	i.converges()
	log := &lockedText{}
	cmd := i.command("run")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.next()
	if !await.Until(time.Minute, i.reads) {
		i.t.Fatalf("the daemon applies nothing:\n%s", log)
	}
	var usual unix.Rlimit
	if err := unix.Prlimit(cmd.Process.Pid, resource, nil, &usual); err != nil {
		i.t.Fatal(err)
	}
	if err := unix.Prlimit(cmd.Process.Pid, resource, &unix.Rlimit{Cur: 1, Max: usual.Max}, nil); err != nil {
		i.t.Fatal(err)
	}
	i.writes()
	i.next()
	if !await.Until(time.Minute, func() bool {
		return strings.Contains(log.String(), "level=ERROR") && strings.Contains(log.String(), logs)
	}) {
		i.t.Errorf("the log has no error:\n%s", log)
	}
	i.t.Logf("%s", log)
	if n := len(i.proxy.Requests()); n > 0 && i.writes() > 0 {
		i.t.Error("it wrote to Vault")
	}
	if err := unix.Prlimit(cmd.Process.Pid, resource, &usual, nil); err != nil {
		i.t.Fatal(err)
	}
	if !await.Until(time.Minute, i.reads) {
		i.t.Errorf("the daemon does not go on:\n%s", log)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		i.t.Errorf("the daemon ended: %v\n%s", err, log)
	}
	i.next()
	i.converges()
	i.isTidy()
}

// TestDiskOfTheDataFolder makes the file system of the mirrors and the audit file full, and then
// read-only. It needs the rights to mount, and runs with -disks only.
func TestDiskOfTheDataFolder(t *testing.T) {
	t.Parallel()
	if !*disks {
		return // TestDaemonThatCanStoreNothingGoesOn needs no rights
	}
	i := newInstallation(t)
	data := filepath.Join(i.folder, "data")
	if err := unix.Mount("tmpfs", data, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("mount: %v; -disks needs root", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(data, 0); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(data, "filler")
	for name, change := range map[string][2]func() error{
		"full": {
			func() error { _ = os.WriteFile(filler, make([]byte, 2<<20), 0o600); return nil }, // fails at the end of the disk
			func() error { return os.Remove(filler) },
		},
		"read-only": {
			func() error { return unix.Mount("", data, "", unix.MS_REMOUNT|unix.MS_RDONLY, "") },
			func() error { return unix.Mount("", data, "", unix.MS_REMOUNT, "size=1m") },
		},
	} {
		i.next()
		i.converges()
		if err := change[0](); err != nil {
			t.Fatal(err)
		}
		i.writes()
		i.next()
		out, err := i.command("apply").CombinedOutput()
		t.Logf("%s: %v\n%s", name, err, out)
		if err == nil || !strings.Contains(strings.ToLower(string(out)), map[string]string{"full": "no space left", "read-only": "read-only"}[name]) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if err := change[1](); err != nil {
			t.Fatal(err)
		}
		i.converges()
	}
	i.isTidy()
}
