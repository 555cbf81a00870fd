// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// program is a relay-sync that runs.
type program struct {
	cmd    *exec.Cmd
	status string
	// log is complete after stop.
	log bytes.Buffer
}

// startProgram starts the built relay-sync with a configuration, to which it adds the
// address of the status.
func startProgram(t testing.TB, config string) *program {
	t.Helper()
	address := porttest.Address(t)
	file := write(t, t.TempDir(), "relay-sync.yaml", "listen: "+address+"\n"+config)
	p := &program{cmd: exec.CommandContext(t.Context(), relaySync(t), "run", "-c", file), status: "http://" + address + "/status"}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// until waits for a state of a source, and returns how long that took.
func (p *program) until(t testing.TB, within time.Duration, source string, reached func(report.Status) bool) time.Duration {
	t.Helper()
	begun := time.Now()
	var last report.Status
	if !await.Until(within, func() bool {
		last = p.statusOf(t, source)
		return reached(last)
	}) {
		t.Fatalf("never: %+v", last)
	}
	return time.Since(begun)
}

// statusOf is the status of a source, empty while the program does not listen.
func (p *program) statusOf(t testing.TB, source string) report.Status {
	t.Helper()
	all := p.statusOfAll(t)
	if all == nil {
		return report.Status{}
	}
	for _, s := range all {
		if s.Source == source {
			return s
		}
	}
	t.Fatalf("the status has no source %s", source)
	return report.Status{}
}

// statusOfAll is the status of all sources, nil while the program does not listen.
func (p *program) statusOfAll(t testing.TB) []report.Status {
	t.Helper()
	response, err := http.Get(p.status)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var answer report.Daemon
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("reading the status: %v", err)
	}
	return answer.Sources
}

// memory is a field of the process's status, in MB.
func (p *program) memory(t testing.TB, field string) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("the process has no %s", field)
	}
	kB, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB / 1024
}
