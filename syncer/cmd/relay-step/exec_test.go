// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const certificate = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn+dNuaTAKBggqhkjOPQQDAjASMRAw
-----END CERTIFICATE-----
`

func TestCommandGetsValuesByteForByte(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	values := writeChosen(t, v, workflow)
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	for name, want := range values {
		arguments := map[string][]string{
			"variable": {"--env", "V=" + name, "--", "show", "V"},
			"file":     {"--all", "--files", "secrets", "--", "cat", "secrets/" + name},
		}
		if name == "nul" || name == "huge" {
			delete(arguments, "variable")
		}
		for how, args := range arguments {
			command, stdout, stderr := relayStep(t, environment, append([]string{"exec", "--workflow", workflow}, args...)...)
			if err := command.Run(); err != nil || stdout.String() != want || stderr.Len() > 0 {
				t.Errorf("%s as a %s: got %d bytes, %q, %v", name, how, stdout.Len(), stderr, err)
			}
		}
	}
}

// waiting is relay-step with a command that waits, and the folder of its files.
func waiting(t *testing.T, args ...string) (command *exec.Cmd, output *bufio.Reader, dir string) {
	t.Helper()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/one", vaulttest.Canary(t))
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	command, _, _ = relayStep(t, environment, append(append([]string{"exec", "--workflow", workflow, "--env", "ONE=one"}, args...), "--", "wait")...)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // without the terminal of the test
	read, write := io.Pipe()
	command.Stdout = write
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	output = bufio.NewReader(read)
	expect(t, output, "ready")
	return command, output, command.Dir
}

func expect(t *testing.T, output *bufio.Reader, want string) {
	t.Helper()
	line, err := output.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		t.Fatalf("the command printed %q, %v, want %q", line, err, want)
	}
}

func TestSignalsAndExitCodesArePassedOn(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1} {
		for _, files := range [][]string{nil, {"--files", "secrets"}} {
			command, output, dir := waiting(t, files...)
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			expect(t, output, signal.String())
			_ = command.Wait()
			if got := command.ProcessState.ExitCode(); got != waitExit {
				t.Errorf("%s: exit code %d, want %d", signal, got, waitExit)
			}
			if _, err := os.Lstat(filepath.Join(dir, "secrets")); err == nil {
				t.Errorf("%s: the files are still there", signal)
			}
		}
	}
}

func TestKilledProcessLeavesNoFilesAndNoCommand(t *testing.T) {
	t.Parallel()
	command, output, dir := waiting(t, "--files", "secrets")
	link := filepath.Join(dir, "secrets")
	folder, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "ONE")); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	expect(t, output, "terminated") // the command itself
	gone := func() bool {
		_, left := os.Lstat(folder)
		_, linked := os.Lstat(link)
		return os.IsNotExist(left) && os.IsNotExist(linked)
	}
	if !await.Until(30*time.Second, gone) {
		t.Errorf("%s is still there", folder)
	}
}

func TestSignalEndsTheWaitForVault(t *testing.T) {
	t.Parallel()
	own := vaulttest.StartOwn(t)
	own.Seal(t)
	command, _, _ := relayStep(t, []string{"VAULT_ADDR=" + own.Address, "VAULT_TOKEN=hvs.token"}, "exec", "--workflow", "w", "--all", "--wait", "1h", "--", "show")
	command.Stderr = nil
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(stderr)
	if line, err := output.ReadString('\n'); err != nil || !strings.Contains(line, "waiting up to 1h0m0s") {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(output)
	_ = command.Wait()
	if got := command.ProcessState.ExitCode(); got != 128+15 || !strings.Contains(string(rest), "ended by a signal before the command started") {
		t.Errorf("exit code %d, %s", got, rest)
	}
}

// A value is in the environment of the command alone, and in no file after its end; and the
// token of the metadata API likewise.
func TestNoValueIsLeftBehind(t *testing.T) {
	t.Parallel()
	v, workflow, canary := vaulttest.Start(t), vaulttest.Workflow(t), vaulttest.Canary(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/one", canary)
	environment := []string{"VAULT_ADDR=" + v.Address, "VAULT_TOKEN=" + v.Reader(t, workflow)}
	for _, args := range [][]string{execOne(workflow), append(execOne(workflow), "--files", "secrets"), runOne(t, workflow)} {
		// Of relay-step itself, the parent of the command.
		line := append(args, "--", "sh", "-c", "cat /proc/$PPID/environ /proc/$PPID/cmdline")
		command, stdout, stderr := relayStep(t, environment, line...)
		if err := command.Run(); err != nil || !strings.Contains(stdout.String(), "VAULT_ADDR=") || strings.Contains(stdout.String(), "METADATA_API_URL") {
			t.Fatalf("%v: %v: %s, %s", args, err, stdout, stderr)
		}
		outputs := map[string][]byte{"environment and arguments": stdout.Bytes(), "stderr": stderr.Bytes()}
		for _, dir := range []string{command.Dir, "/dev/shm"} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				continue
			}
			for _, entry := range entries {
				if data, err := os.ReadFile(filepath.Join(dir, entry.Name(), "ONE")); err == nil {
					outputs[entry.Name()] = data
				}
			}
		}
		vaulttest.AssertNoCanary(t, canary, outputs)
	}
}
