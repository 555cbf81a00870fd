// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	manyWorkflows = 100
	manyManifests = 5  // of each workflow
	manySecrets   = 20 // of each manifest
	manyAll       = manyWorkflows * manyManifests * manySecrets
	atOnce        = 16
)

// BenchmarkTenThousand starts the real relay-sync on a commit of 10,000 secrets in
// 500 manifests: the rate of the cold apply, with git and decryption, beside a bare
// loop that sends the same requests for each secret with the same concurrency,
// before and after it; and what memory the process has after the apply, and after a
// comparison with Vault that finds nothing to do.
func BenchmarkTenThousand(b *testing.B) {
	w := newWorld(b, manyWorkflows)
	w.sealMany(b)
	w.commit()
	for b.Loop() {
		before := w.bare(b, "before")
		p := w.startProgram(b)
		begun := time.Now()
		p.until(b, func(s report.Status) bool { return s.Settled() && s.Summary.Add == manyAll })
		took := time.Since(begun)
		applied, peak := p.memory(b, "VmRSS"), p.memory(b, "VmHWM")
		p.until(b, func(s report.Status) bool { return s.Settled() && s.Summary.Unchanged == manyAll })
		compared, peakAfter := p.memory(b, "VmRSS"), p.memory(b, "VmHWM")
		p.stop(b)
		after := w.bare(b, "after")
		bare := (before + after) / 2
		b.ReportMetric(manyAll/took.Seconds(), "secrets/s")
		b.ReportMetric(manyAll/bare.Seconds(), "bare-secrets/s")
		b.ReportMetric(bare.Seconds()/took.Seconds(), "of-bare")
		b.ReportMetric(applied, "MB-applied")
		b.ReportMetric(compared, "MB-compared")
		b.Logf("cold apply %s, bare loop %s before and %s after; memory %.0f MB after the apply (peak %.0f), %.0f MB after a comparison (peak %.0f)",
			took.Round(time.Millisecond), before.Round(time.Millisecond), after.Round(time.Millisecond), applied, peak, compared, peakAfter)
	}
}

// sealMany writes and seals the manifests.
func (w *world) sealMany(b *testing.B) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(4)
	for i := range manyWorkflows {
		for j := range manyManifests {
			group.Go(func() error {
				var text strings.Builder
				fmt.Fprintf(&text, "workflows:\n  %s:\n", w.workflow(i))
				for k := range manySecrets {
					fmt.Fprintf(&text, "    secret_%d_%02d: value-%d-%d-%d-%s\n", j, k, i, j, k, strings.Repeat("x", 40))
				}
				w.seal(fmt.Sprintf("secrets/%03d/%d.yaml", i, j), text.String())
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

// bare writes as many secrets elsewhere: value and record, and nothing else.
func (w *world) bare(b *testing.B, name string) time.Duration {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}}
	token := w.vault.Writer(b)
	send := func(method, path, body string) error {
		request, err := http.NewRequestWithContext(b.Context(), method, w.vault.Address+"/v1/customers/"+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("X-Vault-Token", token)
		if method == http.MethodPatch {
			request.Header.Set("Content-Type", "application/merge-patch+json")
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode >= 300 {
			return fmt.Errorf("%s %s: %d, %w", method, path, response.StatusCode, err)
		}
		return nil
	}
	record := strings.Repeat("r", 400) // as long as a real one
	workflow := vaulttest.Workflow(b) + "-" + name
	begun := time.Now()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range manyAll {
		group.Go(func() error {
			path := fmt.Sprintf("workflows/%s-%d/secret_%d", workflow, i%manyWorkflows, i)
			if err := send(http.MethodPost, "data/"+path, fmt.Sprintf(`{"options":{"cas":0},"data":{"value":"value-%d-%s"}}`, i, strings.Repeat("x", 40))); err != nil {
				return err
			}
			return send(http.MethodPatch, "metadata/"+path, `{"custom_metadata":{"relay.gitops/bench/shop":"`+record+`"}}`)
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// program is a relay-sync that runs.
type program struct {
	cmd    *exec.Cmd
	status string
}

// startProgram starts the built relay-sync on the world's source.
func (w *world) startProgram(b *testing.B) *program {
	b.Helper()
	built, err := filepath.Abs("../bin/relay-sync")
	if err != nil {
		b.Fatal(err)
	}
	address := freeAddress(b)
	source := w.cfg.Sources[0]
	config := write(b, b.TempDir(), "relay-sync.yaml", fmt.Sprintf(
		"controller: %s\nlisten: %s\nvault: {address: %q, token_file: %q, concurrency: %d}\nsources:\n- {name: shop, repository: %q, files: [\"**/*.yaml\"], workflows: [%s], age_keys: [%q], drift_interval: 5s}\n",
		w.cfg.Controller, address, w.vault.Address, w.cfg.Vault.TokenFile, atOnce, w.repo, strings.Join(source.Workflows, ", "), source.AgeKeys[0]))
	p := &program{cmd: exec.CommandContext(b.Context(), built, "run", "-c", config), status: "http://" + address + "/status"}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return p
}

func (p *program) stop(b *testing.B) {
	b.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		b.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		b.Fatal(err)
	}
}

// until waits for a state of the source.
func (p *program) until(b *testing.B, reached func(report.Status) bool) {
	b.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	var last report.Status
	for {
		select {
		case <-tick.C:
		case <-deadline:
			b.Fatalf("never: %+v", last)
		}
		response, err := http.Get(p.status)
		if err != nil {
			continue // it does not listen yet
		}
		var answer struct{ Sources []report.Status }
		err = json.NewDecoder(response.Body).Decode(&answer)
		response.Body.Close()
		if err != nil || len(answer.Sources) != 1 {
			b.Fatalf("reading the status: %v", err)
		}
		if last = answer.Sources[0]; reached(last) {
			return
		}
	}
}

// memory is a field of the process's status, in MB.
func (p *program) memory(b *testing.B, field string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		b.Fatalf("the process has no %s", field)
	}
	kB, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}

// freeAddress is an address that nothing listens at now.
func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
