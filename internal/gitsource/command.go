// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	nowhere   = "/dev/null/nowhere" // a path that cannot exist
	maxAnswer = 64 << 10            // bytes of standard output of a command that answers in a few lines
	maxSaid   = 4 << 10             // bytes of standard error kept
	killDelay = 5 * time.Second     // how long pipes may stay open once git was killed or is gone
)

// git is a git binary and the one git directory that it reads. See doc.go for what it is protected from.
type git struct {
	binary string // absolute
	dir    string // absolute; a folder, or the .git file of a linked worktree
}

// environment is all that git sees of the environment.
func environment() []string {
	return []string{
		"PATH=" + nowhere,
		"GIT_EXEC_PATH=" + nowhere,
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
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_PROTOCOL_FROM_USER=0",
		"LC_ALL=C",
	}
}

// command prepares a git command whose process group is killed when ctx ends.
func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	locked := []string{
		"--git-dir=" + g.dir,
		"--work-tree=/",
		"--no-pager",
		"-c", "core.hooksPath=/dev/null",
		"-c", "core.fsmonitor=false",
		"-c", "core.commitGraph=false",
		"-c", "protocol.allow=never",
	}
	cmd := exec.CommandContext(ctx, g.binary, append(locked, args...)...)
	cmd.Env = environment()
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

// answer is what a command that ran to its end had to say.
type answer struct {
	out  string
	said string // from standard error, one printable line
	code int
}

// ask runs a command that answers in a few lines. A non-zero exit is no error.
func (g git) ask(ctx context.Context, args ...string) (answer, error) {
	out, said := &head{max: maxAnswer}, &head{max: maxSaid}
	cmd := g.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	if ctx.Err() != nil {
		return answer{}, fmt.Errorf("git %s: %w", args[0], ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return answer{}, fmt.Errorf("running git %s: %w", args[0], err)
	}
	if out.cut {
		return answer{}, fmt.Errorf("git %s: more than %d bytes of output", args[0], maxAnswer)
	}
	return answer{out: string(out.kept), said: oneLine(said.kept), code: cmd.ProcessState.ExitCode()}, nil
}

// output is ask for commands of which a non-zero exit is an error.
func (g git) output(ctx context.Context, args ...string) (answer, error) {
	a, err := g.ask(ctx, args...)
	if err == nil && a.code != 0 {
		err = exitError(args[0], a.code, a.said)
	}
	return a, err
}

func exitError(command string, code int, said string) error {
	if said == "" {
		return fmt.Errorf("git %s: exit code %d", command, code)
	}
	return fmt.Errorf("git %s: %s (exit code %d)", command, said, code)
}

// process is a running command whose output is read as it comes. It ends with wait or kill.
type process struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
	name   string
	cmd    *exec.Cmd
	said   *head
	ctx    context.Context // the caller's
	cancel context.CancelFunc
}

func (g git) start(ctx context.Context, args ...string) (*process, error) {
	p := &process{name: args[0], said: &head{max: maxSaid}, ctx: ctx}
	inner, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	p.cmd = g.command(inner, args...)
	p.cmd.Stderr = p.said
	stdin, inErr := p.cmd.StdinPipe()
	stdout, outErr := p.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		cancel()
		return nil, fmt.Errorf("running git %s: %w", p.name, err)
	}
	p.stdin, p.stdout = stdin, bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("running git %s: %w", p.name, err)
	}
	return p, nil
}

// wait ends a process whose output was read to its end, and returns why it failed, if it did.
func (p *process) wait() error {
	defer p.cancel()
	_ = p.stdin.Close() // fails only when git is gone, which Wait tells better
	err := p.cmd.Wait()
	if p.ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", p.name, p.ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitError(p.name, exit.ExitCode(), oneLine(p.said.kept))
	}
	if err != nil {
		return fmt.Errorf("running git %s: %w", p.name, err)
	}
	return nil
}

// kill ends a process whose further output nobody wants.
func (p *process) kill() {
	p.cancel()
	_ = p.wait() // it was killed: its failure says nothing
}

// head keeps the first max bytes written to it and swallows the rest.
type head struct {
	max  int
	kept []byte
	cut  bool
}

func (h *head) Write(b []byte) (int, error) {
	room := min(len(b), h.max-len(h.kept))
	h.kept = append(h.kept, b[:room]...)
	h.cut = h.cut || room < len(b)
	return len(b), nil
}
