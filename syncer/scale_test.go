// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/sopstest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	scaleSources   = 20
	scaleWorkflows = 5  // of each source
	scaleSecrets   = 20 // of each manifest
)

// BenchmarkScale starts the real relay-sync on 20 repositories with a manifest for every 20 secrets,
// and measures, for more and more secrets: the apply into an empty Vault, beside a bare loop with the
// same requests; a restart with nothing to do; a changed file; the plan of all, beside bare reads of
// the metadata; and memory.
func BenchmarkScale(b *testing.B) {
	for _, secrets := range []int{10_000, 30_000, 100_000} {
		b.Run(fmt.Sprint(secrets), func(b *testing.B) {
			for b.Loop() {
				newScale(b, secrets).measure(b)
			}
		})
	}
}

// scale is a world with many sources.
type scale struct {
	*world
	secrets      int
	repositories []string
	config       string
}

func newScale(b *testing.B, secrets int) *scale {
	b.Helper()
	s := &scale{world: newWorld(b, scaleSources*scaleWorkflows), secrets: secrets}
	for source := range scaleSources {
		s.repositories = append(s.repositories, b.TempDir())
		s.repo = s.repositories[source]
		s.run("git", "init", "-q", "-b", "main", s.repo)
		for manifest := range s.manifests() {
			s.sealInProcess(b, source, manifest, "first")
		}
		s.commit()
	}
	s.config = s.configAt(s.vault.Address)
	return s
}

// manifests is the number of them of each source.
func (s *scale) manifests() int { return s.secrets / scaleSources / scaleSecrets }

func (s *scale) workflowOf(source, manifest int) string {
	return s.workflow(source*scaleWorkflows + manifest%scaleWorkflows)
}

func (s *scale) configAt(address string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "controller: %s\nvault: {address: %q, token_file: %q, concurrency: %d}\nsources:\n", s.cfg.Controller, address, s.cfg.Vault.TokenFile, atOnce)
	for source, repository := range s.repositories {
		workflows := s.cfg.Sources[0].Workflows[source*scaleWorkflows : (source+1)*scaleWorkflows]
		fmt.Fprintf(&text, "- {name: s%d, repository: %q, files: [\"**/*.yaml\"], workflows: [%s], age_keys: [%q], drift_interval: 24h}\n",
			source, repository, strings.Join(workflows, ", "), s.cfg.Sources[0].AgeKeys[0])
	}
	return text.String()
}

// sealInProcess writes a manifest as the sops command does: thousands of starts of it would take longer
// than the measurement.
func (s *scale) sealInProcess(b *testing.B, source, manifest int, value string) {
	b.Helper()
	var plain strings.Builder
	fmt.Fprintf(&plain, "workflows:\n  %s:\n", s.workflowOf(source, manifest))
	for i := range scaleSecrets {
		fmt.Fprintf(&plain, "    secret_%d_%02d: %s-%d-%d-%s\n", manifest, i, value, source, i, strings.Repeat("x", 40))
	}
	write(b, s.repositories[source], fmt.Sprintf("secrets/%04d.yaml", manifest), sopstest.Seal(b, plain.String(), s.recipient))
}

// measure runs everything once.
func (s *scale) measure(b *testing.B) {
	bare := s.bareRequests(b)
	writes := bare.all(s.secrets, func(i int) error { return bare.write(s.barePath(i), i) })
	p := startProgram(b, s.config)
	cold := s.until(b, p, func(sum report.Summary) int { return sum.Add })
	applied := p.memory(b, "VmHWM")
	p.stop(b)

	p = startProgram(b, s.config)
	restart := s.until(b, p, func(sum report.Summary) int { return sum.Unchanged })
	changed := s.change(b, p)
	peak := p.memory(b, "VmHWM")
	p.stop(b)

	reads := bare.all(s.secrets, func(i int) error { return bare.read(s.barePath(i)) })
	plan := s.plan(b, s.config)
	s.proxy.Reset()
	s.plan(b, s.configAt(s.proxy.Address))

	b.ReportMetric(cold.Seconds(), "apply-s")
	b.ReportMetric(writes.Seconds()/cold.Seconds(), "apply-of-bare")
	b.ReportMetric(restart.Seconds(), "restart-s")
	b.ReportMetric(changed.Seconds()*1000, "changed-file-ms")
	b.ReportMetric(plan.Seconds(), "plan-s")
	b.ReportMetric(reads.Seconds()/plan.Seconds(), "plan-of-bare")
	b.ReportMetric(float64(len(s.proxy.Requests()))/float64(s.secrets), "plan-requests/secret")
	b.ReportMetric(max(applied, peak), "peak-MB")
}

// barePath is where the bare loop writes a secret: beside those of relay-sync.
func (s *scale) barePath(i int) string {
	return fmt.Sprintf("workflows/%s-bare/secret_%d", s.workflow(i%(scaleSources*scaleWorkflows)), i)
}

// until waits until a number of all sources' summaries is that of all secrets, and returns how long
// it took.
func (s *scale) until(b *testing.B, p *program, number func(report.Summary) int) time.Duration {
	b.Helper()
	begun, sum := time.Now(), 0
	if !await.Until(20*time.Minute, func() bool {
		sum = 0
		for _, status := range p.statusOfAll(b) {
			if !status.Settled() {
				return false
			}
			sum += number(status.Summary)
		}
		return sum == s.secrets
	}) {
		b.Fatalf("%d of %d secrets", sum, s.secrets)
	}
	return time.Since(begun)
}

// change commits another value in one file, and returns how long it takes until it can be read.
func (s *scale) change(b *testing.B, p *program) time.Duration {
	b.Helper()
	s.repo = s.repositories[0]
	s.sealInProcess(b, 0, 0, "second")
	begun := time.Now()
	s.commit()
	if !await.Until(time.Minute, func() bool {
		for _, status := range p.statusOfAll(b) {
			if status.Summary.Change == scaleSecrets {
				return true
			}
		}
		return false
	}) {
		b.Fatal("the change is not applied")
	}
	return time.Since(begun)
}

// plan runs relay-sync plan, which finds nothing to do.
func (s *scale) plan(b *testing.B, config string) time.Duration {
	b.Helper()
	file := write(b, b.TempDir(), "relay-sync.yaml", config)
	begun := time.Now()
	if output, err := exec.CommandContext(b.Context(), relaySync(b), "plan", "-c", file).CombinedOutput(); err != nil {
		b.Fatalf("plan: %v\n%s", err, output)
	}
	return time.Since(begun)
}
