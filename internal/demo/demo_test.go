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

	programs "github.com/relay-secrets/terraform-provider-relay/internal/tools"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// asDemo makes the test binary the demo: the folder with the programs, and the
// command lines to try.
const (
	asDemo  = "RELAY_TEST_DEMO_BIN"
	demoCLI = "RELAY_TEST_DEMO_CLI"
)

func TestMain(m *testing.M) {
	if bin := os.Getenv(asDemo); bin != "" {
		os.Exit(demo(tools{bin: bin, clis: filepath.SplitList(os.Getenv(demoCLI))}, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// playing is a demo that runs in a process of its own.
type playing struct {
	cmd    *exec.Cmd
	tmp    string // its temporary folder, in which nothing may be left
	stdout io.ReadCloser
	stderr bytes.Buffer
}

// start starts the demo with the programs of bin.
func start(t *testing.T, bin string, clis ...string) *playing {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &playing{cmd: exec.Command(self), tmp: t.TempDir()}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + p.tmp,
		asDemo + "=" + bin, demoCLI + "=" + strings.Join(clis, string(os.PathListSeparator)),
		// What the person has set must not reach the demo's commands.
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

// end reads the rest of what it says and waits for its end.
func (p *playing) end(t *testing.T) (stdout string, code int) {
	t.Helper()
	said, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // the exit code tells
	return string(said), p.cmd.ProcessState.ExitCode()
}

func bin(t *testing.T) string { return filepath.Dir(programs.Path(t, "devvault")) }

// TestDemo plays the whole demo under every command line there is.
func TestDemo(t *testing.T) {
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
				t.Errorf("it complains:\n%s", p.stderr.String())
			}
			for _, line := range []string{
				"$ " + name + " -chdir=stack apply -auto-approve",
				"Applied: 3 added.",
				"permission denied (status 403)",
				"database-lichen-anchor-71",
				"Plan: 1 to repair, 2 unchanged.",
				`-> "in sync"`,
				"no value (status 404)",
				"That is all.",
			} {
				if !strings.Contains(output, line) {
					t.Errorf("it never says %q", line)
				}
			}
			if strings.Contains(output, p.tmp) {
				t.Errorf("it shows its temporary folder")
			}
			if strings.Contains(output, "\x1b") {
				t.Errorf("it colours what no terminal shows")
			}
			checkTranscript(t, output)
			p.leavesNothing(t, output)
		})
	}
}

// TestDemoInterrupted stops the demo while Terraform runs the provider.
func TestDemoInterrupted(t *testing.T) {
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
			if said := p.stderr.String(); !strings.Contains(said, "interrupted") || !strings.Contains(said, "was removed") {
				t.Errorf("it only says %q", said)
			}
			if strings.Contains(rest, "That is all.") {
				t.Errorf("it played to its end")
			}
			p.leavesNothing(t, output)
		})
	}
}

// TestDemoUnread closes the pipe early, as "make demo | head" does.
func TestDemoUnread(t *testing.T) {
	t.Parallel()
	p := start(t, bin(t), programs.Path(t, "tofu"))
	output := p.until(t, "Vault serves at")
	if err := p.stdout.Close(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // the exit code tells
	if code := p.cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, p.stderr.String())
	}
	p.leavesNothing(t, output)
}

// TestDemoFails puts another program in the place of sops.
func TestDemoFails(t *testing.T) {
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
		`step 2, "Secrets in git, encrypted": "(cd shop && sops encrypt --in-place secrets.yaml)" ended with exit code 1 instead of 0; it said:`,
		"age-keygen: error:", // its whole output
		"everything it made was removed",
	} {
		if !strings.Contains(p.stderr.String(), text) {
			t.Errorf("it does not say %q, but:\n%s", text, p.stderr.String())
		}
	}
	p.leavesNothing(t, output)
}

// TestDemoWithoutTools names what is missing and what builds it.
func TestDemoWithoutTools(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	if _, code := p.end(t); code != exitFailed || !strings.Contains(p.stderr.String(), `"make demo", which builds it`) {
		t.Errorf("exit code %d:\n%s", code, p.stderr.String())
	}
	p.leavesNothing(t, "")
}

// until reads until the output holds a text, and returns what it read.
func (p *playing) until(t *testing.T, text string) string {
	t.Helper()
	var read strings.Builder
	lines := bufio.NewReader(p.stdout)
	for !strings.Contains(read.String(), text) {
		line, err := lines.ReadString('\n')
		read.WriteString(line)
		if err != nil {
			t.Fatalf("it ended before it said %q:\n%s\n%s", text, read.String(), p.stderr.String())
		}
	}
	return read.String()
}

// leavesNothing fails if a file, a process or the Vault is left.
func (p *playing) leavesNothing(t *testing.T, output string) {
	t.Helper()
	left, err := os.ReadDir(p.tmp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("it left %s behind", left)
	}
	if address := regexp.MustCompile(`Vault serves at http://(\S+)`).FindStringSubmatch(output); address != nil {
		if connection, err := net.DialTimeout("tcp", address[1], time.Second); err == nil {
			_ = connection.Close()
			t.Error("its Vault still serves")
		}
	}
	gone(t, p.tmp)
}

// gone waits until no process has its home below a folder: a killed one may need
// a moment to go.
func gone(t *testing.T, folder string) {
	t.Helper()
	if !await.Until(10*time.Second, func() bool { return len(processesWith(folder)) == 0 }) {
		t.Fatalf("it left processes behind: %s", processesWith(folder))
	}
}

// processesWith are the processes whose environment names a folder, where the
// system has /proc. All that the demo starts has its HOME there.
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

// TestJudge shows that the demo notices when a command does not do what it has to.
func TestJudge(t *testing.T) {
	t.Parallel()
	w := &world{values: []string{"hunter2"}}
	plan := command{args: []string{"relay-sync", "plan"}, code: 2, says: []string{"to repair"}}
	for _, tt := range []struct {
		name    string
		output  string
		code    int
		problem string
	}{
		{"as expected", "1 to repair", 2, ""},
		{"another exit code", "1 to repair", 0, "exit code 0 instead of 2; it said:\n1 to repair"},
		{"another text", "nothing to do", 2, "did not say \"to repair\", but:\nnothing to do"},
		{"a value shows", "1 to repair: hunter2", 2, `holds the value "hunter2"`},
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

// TestExecuteKillsGrandchildren ends a command that waits for one of its own.
func TestExecuteKillsGrandchildren(t *testing.T) {
	t.Parallel()
	w := exampleWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel() // in time for the command to be killed, started or not
		await.Until(time.Minute, func() bool {
			_, err := os.Stat(w.path("started"))
			return err == nil || ctx.Err() != nil
		})
	}()
	begun := time.Now()
	_, _, err := w.execute(ctx, command{args: []string{"git", "-c", "alias.wait=!touch started; sleep 60; true", "wait"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	// A grandchild that lives on would hold the pipe until the delay is over.
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("it took %s to end", took)
	}
	gone(t, w.dir)
}

// TestFindTools passes over a command line that is too old.
func TestFindTools(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho '{\"terraform_version\": \"1.10.5\"}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := exampleWorld(t)
	w.tools.clis = []string{old, programs.Path(t, "tofu")}
	if err := w.findTools(t.Context()); err != nil || w.cliTitle() != "OpenTofu" {
		t.Errorf("it takes %s, %v", w.cliTitle(), err)
	}
	w.tools.clis = []string{old}
	if err := w.findTools(t.Context()); err == nil || !strings.Contains(err.Error(), "it is version 1.10.5; expected 1.11 or later") {
		t.Errorf("got %v", err)
	}
}
