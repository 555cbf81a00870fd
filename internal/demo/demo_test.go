// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/curltest"
	programs "github.com/relay-secrets/terraform-provider-relay/internal/tools"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// asDemo makes the test binary run the demo with the programs of a folder; demoCLI
// lists the Terraform programs to try.
const (
	asDemo  = "RELAY_TEST_DEMO_BIN"
	demoCLI = "RELAY_TEST_DEMO_CLI"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" {
		if err := curltest.Run(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "curl:", err)
			os.Exit(1)
		}
		return
	}
	if bin := os.Getenv(asDemo); bin != "" {
		os.Exit(demo(os.Args[1:], tools{bin: bin, clis: filepath.SplitList(os.Getenv(demoCLI))}, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// demoRun is a demo that runs in a process of its own.
type demoRun struct {
	cmd    *exec.Cmd
	tmp    string // its temporary folder, which must be empty at the end
	stdout io.ReadCloser
	stderr bytes.Buffer
}

// start starts the demo with the programs of bin.
func start(t *testing.T, bin string, clis ...string) *demoRun {
	t.Helper()
	return startWith(t, nil, bin, clis...)
}

func startWith(t *testing.T, args []string, bin string, clis ...string) *demoRun {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &demoRun{cmd: exec.Command(self, args...), tmp: t.TempDir()}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + p.tmp,
		asDemo + "=" + bin, demoCLI + "=" + strings.Join(clis, string(os.PathListSeparator)),
		// The user's settings must not reach the demo's commands.
		"VAULT_ADDR=http://127.0.0.1:1", "VAULT_TOKEN=not-this-one", "TF_CLI_ARGS=-nonsense", "GIT_DIR=/nowhere",
		"SOPS_AGE_RECIPIENTS=nonsense"}
	p.cmd.Stderr = &p.stderr
	if p.stdout, err = p.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// end reads the rest of the output and waits until the demo exits.
func (p *demoRun) end(t *testing.T) (stdout string, code int) {
	t.Helper()
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // the exit code has the result
	return string(rest), p.cmd.ProcessState.ExitCode()
}

func bin(t *testing.T) string { return filepath.Dir(programs.Path(t, "devvault")) }

func TestDemoRunsUnderEachInstalledCLI(t *testing.T) {
	t.Parallel()
	clis := map[string]string{"tofu": programs.Path(t, "tofu")}
	if path, err := exec.LookPath("terraform"); err == nil {
		clis["terraform"] = path
	}
	for name, cli := range clis {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, bin(t), cli)
			output, code := p.end(t)
			if code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", code, output, p.stderr.String())
			}
			if p.stderr.Len() > 0 {
				t.Errorf("the demo wrote to stderr:\n%s", p.stderr.String())
			}
			for _, line := range []string{
				"$ " + name + " -chdir=stack apply -auto-approve",
				"Applied: 3 added.",
				"permission denied (status 403)",
				"database-lichen-anchor-71",
				"Plan: 1 to repair, 2 unchanged.",
				`-> "in sync"`,
				"no value (status 404)",
				"The demo is complete.",
			} {
				if !strings.Contains(output, line) {
					t.Errorf("the output does not contain %q", line)
				}
			}
			if strings.Contains(output, p.tmp) {
				t.Errorf("the output contains the temporary folder")
			}
			if strings.Contains(output, "\x1b") {
				t.Errorf("the output has colours, but goes to no terminal")
			}
			checkTranscript(t, output)
			p.leavesNothing(t, output)
		})
	}
}

func TestDemoCleansUpAfterASignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, bin(t), programs.Path(t, "tofu"))
			output := p.until(t, "apply -auto-approve")
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, code := p.end(t)
			if code != exitInterrupted {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, p.stderr.String())
			}
			if errors := p.stderr.String(); !strings.Contains(errors, "interrupted") || !strings.Contains(errors, "was removed") {
				t.Errorf("stderr is %q", errors)
			}
			if strings.Contains(rest, "The demo is complete.") {
				t.Errorf("the demo ran to its end")
			}
			p.leavesNothing(t, output)
		})
	}
}

// "make demo | head" closes the pipe early.
func TestDemoCleansUpAfterItsOutputIsClosed(t *testing.T) {
	t.Parallel()
	p := start(t, bin(t), programs.Path(t, "tofu"))
	output := p.until(t, "Vault listens at")
	if err := p.stdout.Close(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // the exit code has the result
	if code := p.cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, p.stderr.String())
	}
	p.leavesNothing(t, output)
}

func TestDemoReportsTheOutputOfAFailedCommand(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	for _, name := range []string{"devvault", "relay-sync", "terraform-provider-relay", "sops", "age-keygen", "tofu"} {
		target := name
		if name == "sops" {
			target = "age-keygen"
		}
		if err := os.Symlink(programs.Path(t, target), filepath.Join(broken, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, broken, filepath.Join(broken, "tofu"))
	output, code := p.end(t)
	if code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	for _, text := range []string{
		`step 2, "Secrets in git, encrypted": "(cd shop && sops encrypt --in-place secrets.yaml)" ended with exit code 1, expected 0; its output was:`,
		"age-keygen: error:", // its whole output
		"everything that it created was removed",
	} {
		if !strings.Contains(p.stderr.String(), text) {
			t.Errorf("stderr does not contain %q:\n%s", text, p.stderr.String())
		}
	}
	p.leavesNothing(t, output)
}

func TestDemoNamesTheCommandThatBuildsAMissingProgram(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	if _, code := p.end(t); code != exitFailed || !strings.Contains(p.stderr.String(), `"make demo", which builds it`) {
		t.Errorf("exit code %d:\n%s", code, p.stderr.String())
	}
	p.leavesNothing(t, "")
}

// until reads until the output holds a text, and returns what it read.
func (p *demoRun) until(t *testing.T, text string) string {
	t.Helper()
	var read strings.Builder
	lines := bufio.NewReader(p.stdout)
	for !strings.Contains(read.String(), text) {
		line, err := lines.ReadString('\n')
		read.WriteString(line)
		if err != nil {
			t.Fatalf("the demo ended before it printed %q:\n%s\n%s", text, read.String(), p.stderr.String())
		}
	}
	return read.String()
}

// leavesNothing fails if a file, a process or the Vault is left.
func (p *demoRun) leavesNothing(t *testing.T, output string) {
	t.Helper()
	left, err := os.ReadDir(p.tmp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("files left: %s", left)
	}
	if address := regexp.MustCompile(`(?:Vault listens at|The web page:) http://([^/\s]+)`).FindStringSubmatch(output); address != nil {
		if connection, err := net.DialTimeout("tcp", address[1], time.Second); err == nil {
			_ = connection.Close()
			t.Errorf("a program still listens at %s", address[1])
		}
	}
	gone(t, p.tmp)
}

// gone waits until no process has its home below a folder. A killed process may need
// a moment to end.
func gone(t *testing.T, folder string) {
	t.Helper()
	if !await.Until(10*time.Second, func() bool { return len(processesWith(folder)) == 0 }) {
		t.Fatalf("processes left: %s", processesWith(folder))
	}
}

// processesWith lists the processes whose HOME is below a folder, on systems with
// /proc. The demo sets HOME so for each process that it starts.
func processesWith(folder string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is good
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err == nil && bytes.Contains(environment, []byte("HOME="+folder)) {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "comm")) // it may have ended
			found = append(found, fmt.Sprintf("%s %s", filepath.Base(filepath.Dir(file)), bytes.TrimSpace(name)))
		}
	}
	return found
}

func TestJudgeRejectsUnexpectedExitCodesAndOutput(t *testing.T) {
	t.Parallel()
	w := &world{values: []string{"hunter2"}}
	plan := command{args: []string{"relay-sync", "plan"}, code: 2, contains: []string{"to repair"}}
	for _, tt := range []struct {
		name    string
		output  string
		code    int
		problem string
	}{
		{"as expected", "1 to repair", 2, ""},
		{"another exit code", "1 to repair", 0, "exit code 0, expected 2; its output was:\n1 to repair"},
		{"another text", "nothing to do", 2, "does not contain \"to repair\":\nnothing to do"},
		{"a value in the output", "1 to repair: hunter2", 2, `contains the value "hunter2"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := w.judge(plan, tt.output, tt.code)
			switch {
			case tt.problem == "" && err != nil:
				t.Error(err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("got %v, want %q", err, tt.problem)
			}
		})
	}
}

func TestExecuteKillsGrandchildren(t *testing.T) {
	t.Parallel()
	w := exampleWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	var canceled time.Time
	go func() {
		defer cancel() // in time for the command to be killed, started or not
		await.Until(time.Minute, func() bool {
			_, err := os.Stat(w.path("started"))
			return err == nil || ctx.Err() != nil
		})
		canceled = time.Now()
	}()
	_, _, err := w.execute(ctx, command{args: []string{"git", "-c", "alias.wait=!touch started; sleep 60; true", "wait"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	// A grandchild that keeps running would keep the pipe open until the delay is over.
	if took := time.Since(canceled); took > 4*time.Second {
		t.Errorf("it took %s to end", took)
	}
	gone(t, w.dir)
}

func TestFindToolsSkipsUnsupportedVersions(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho '{\"terraform_version\": \"1.10.5\"}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := exampleWorld(t)
	w.tools.clis = []string{old, programs.Path(t, "tofu")}
	if err := w.findTools(t.Context()); err != nil || w.cliTitle() != "OpenTofu" {
		t.Errorf("got %s, %v", w.cliTitle(), err)
	}
	w.tools.clis = []string{old}
	if err := w.findTools(t.Context()); err == nil || !strings.Contains(err.Error(), "unsupported version 1.10.5: must be 1.11 or later") {
		t.Errorf("got %v", err)
	}
}
