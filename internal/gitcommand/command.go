// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

const (
	nowhere   = "/dev/null/nowhere" // a path that cannot exist
	maxStdout = 64 << 10            // bytes of standard output of Run
	maxStderr = 4 << 10             // bytes of standard error kept
	killDelay = 5 * time.Second     // how long pipes may stay open after git has exited
)

// The oldest supported git: the first with `rev-parse --path-format`.
const oldestMajor, oldestMinor = 2, 31

// Git is a git binary and the one git directory that it works on.
type Git struct {
	// Binary is the absolute path of git.
	Binary string
	// Dir is the git directory, or the .git file of a linked worktree. Absolute.
	Dir string
	// Timeout bounds a command, and what Bound is called for; 0 for the caller's context alone.
	Timeout time.Duration

	tools    string   // folder of the programs that git may start; empty for none
	settings []string // additional settings, as key=value
	memory   int64    // bytes that git may allocate at once
}

// Find finds git in PATH and checks its version.
func Find(ctx context.Context) (Git, error) {
	binary, err := exec.LookPath("git")
	if err != nil {
		return Git{}, fmt.Errorf("find the git command: %w. Hint: install git %d.%d or later", err, oldestMajor, oldestMinor)
	}
	g := Git{Binary: binary, Dir: nowhere, Timeout: DefaultTimeout, memory: DefaultMemory}
	return g, g.checkVersion(ctx)
}

// At returns the same git for another git directory.
func (g Git) At(dir string) Git {
	g.Dir = dir
	return g
}

// WithMemory returns the same git with another limit of memory, in bytes; 0 is DefaultMemory.
func (g Git) WithMemory(limit int64) Git {
	g.memory = cmp.Or(limit, DefaultMemory)
	return g
}

// ForFetch returns the same git with permission to start the programs of one folder, which should contain only git
// itself, and to fetch over descriptors that it inherits (fd::3). Git checks what it fetches and keeps it in packs.
// Settings, as key=value, are added. The caller bounds the time.
func (g Git) ForFetch(tools string, settings ...string) Git {
	g.tools, g.Timeout = tools, 0
	g.settings = append([]string{
		"protocol.version=2",
		"transfer.fsckObjects=true",
		"fetch.unpackLimit=1", // so that no small pack can become something large
		"fetch.writeCommitGraph=false",
		"submodule.recurse=false",
		"maintenance.auto=false",
		"gc.auto=0",
	}, settings...)
	return g
}

var versionPattern = lazyregexp.New(`^git version ([0-9]{1,4})\.([0-9]{1,4})`)

func (g Git) checkVersion(ctx context.Context) error {
	result, err := g.Output(ctx, "version")
	if err != nil {
		return err
	}
	match := versionPattern.FindStringSubmatch(result.Stdout)
	if match == nil {
		return fmt.Errorf("%s: unknown version format %q", g.Binary, OneLine([]byte(result.Stdout)))
	}
	major, _ := strconv.Atoi(match[1]) // the pattern allows only digits
	minor, _ := strconv.Atoi(match[2])
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Errorf("%s: unsupported version %d.%d. Hint: install git %d.%d or later", g.Binary, major, minor, oldestMajor, oldestMinor)
	}
	return nil
}

// environment returns the whole environment of git.
func (g Git) environment() []string {
	tools, protocols := nowhere, "none"
	if g.tools != "" {
		tools, protocols = g.tools, "fd"
	}
	return []string{
		"PATH=" + tools,
		"GIT_EXEC_PATH=" + tools,
		"HOME=" + nowhere,
		"XDG_CONFIG_HOME=" + nowhere,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE=" + nowhere,
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=" + protocols,
		"GIT_PROTOCOL_FROM_USER=0",
		"LC_ALL=C",
		"GIT_ALLOC_LIMIT=" + strconv.FormatInt(g.memory, 10),
	}
}

// command returns a git command whose process group is killed when ctx ends.
func (g Git) command(ctx context.Context, args ...string) *exec.Cmd {
	options := []string{
		"--git-dir=" + g.Dir,
		"--no-pager",
		"-c", "core.hooksPath=/dev/null",
		"-c", "core.fsmonitor=false",
		"-c", "core.commitGraph=false",
		"-c", "protocol.allow=never",
	}
	for _, setting := range g.memorySettings() {
		options = append(options, "-c", setting)
	}
	for _, setting := range g.settings {
		options = append(options, "-c", setting)
	}
	if g.tools == "" {
		// The configuration of the repository is not trusted: see package gitsource.
		options = append(options, "--work-tree=/")
	}
	cmd := exec.CommandContext(ctx, g.Binary, append(options, args...)...)
	cmd.Env = g.environment()
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = killDelay
	return cmd
}
