// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

const (
	nowhere   = "/dev/null/nowhere" // a path that cannot exist
	maxAnswer = 64 << 10            // bytes of standard output of a command that answers in a few lines
	maxSaid   = 4 << 10             // bytes of standard error kept
	killDelay = 5 * time.Second     // how long pipes may stay open once git was killed or is gone
)

// The oldest git that is used: the first with `rev-parse --path-format`.
const oldestMajor, oldestMinor = 2, 31

// Git is a git binary and the one git directory that it works on.
type Git struct {
	// Binary is the absolute path of git.
	Binary string
	// Dir is the git directory, or the .git file of a linked worktree. Absolute.
	Dir string

	tools    string   // folder of the programs that git may start; empty for none
	settings []string // further ones, as key=value
}

// Find looks for git in PATH. An error says which version is needed.
func Find(ctx context.Context) (Git, error) {
	binary, err := exec.LookPath("git")
	if err != nil {
		return Git{}, fmt.Errorf("looking for the git command: %w; install git %d.%d or later", err, oldestMajor, oldestMinor)
	}
	g := Git{Binary: binary, Dir: nowhere}
	return g, g.checkVersion(ctx)
}

// At is the same git for another git directory.
func (g Git) At(dir string) Git {
	g.Dir = dir
	return g
}

// ForFetch is the same git, and may start the programs of one folder, which should hold nothing but git itself, and
// fetch over descriptors that it inherits (fd::3). What it fetches is checked, kept in packs, and nothing else is
// started for it. Settings, as key=value, are added.
func (g Git) ForFetch(tools string, settings ...string) Git {
	g.tools = tools
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

var versionPattern = regexp.MustCompile(`^git version ([0-9]{1,4})\.([0-9]{1,4})`)

func (g Git) checkVersion(ctx context.Context) error {
	a, err := g.Output(ctx, "version")
	if err != nil {
		return err
	}
	match := versionPattern.FindStringSubmatch(a.Stdout)
	if match == nil {
		return fmt.Errorf("%s does not tell its version as git does: %q", g.Binary, OneLine([]byte(a.Stdout)))
	}
	major, _ := strconv.Atoi(match[1]) // the pattern lets only digits through
	minor, _ := strconv.Atoi(match[2])
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return fmt.Errorf("%s is git %d.%d; install %d.%d or later", g.Binary, major, minor, oldestMajor, oldestMinor)
	}
	return nil
}

// environment is all that git sees of the environment.
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
	}
}

// command prepares a git command whose process group is killed when ctx ends.
func (g Git) command(ctx context.Context, args ...string) *exec.Cmd {
	locked := []string{
		"--git-dir=" + g.Dir,
		"--no-pager",
		"-c", "core.hooksPath=/dev/null",
		"-c", "core.fsmonitor=false",
		"-c", "core.commitGraph=false",
		"-c", "protocol.allow=never",
	}
	for _, setting := range g.settings {
		locked = append(locked, "-c", setting)
	}
	if g.tools == "" {
		// Of a repository that somebody else configured: see package gitsource.
		locked = append(locked, "--work-tree=/")
	}
	cmd := exec.CommandContext(ctx, g.Binary, append(locked, args...)...)
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
