// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
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
// before and after it; the rate of the comparison with Vault that then finds nothing to
// do, beside a bare loop that reads the same metadata; and what memory the process has
// after each.
func BenchmarkTenThousand(b *testing.B) {
	w := newWorld(b, manyWorkflows)
	w.sealMany(b)
	w.commit()
	for b.Loop() {
		before := w.bare(b, "before")
		p := startProgram(b, w.programConfig(b))
		begun := time.Now()
		p.until(b, 5*time.Minute, "shop", func(s report.Status) bool { return s.Settled() && s.Summary.Add == manyAll })
		took := time.Since(begun)
		applied, peak := p.memory(b, "VmRSS"), p.memory(b, "VmHWM")
		p.until(b, 5*time.Minute, "shop", func(s report.Status) bool { return s.Settled() && s.Summary.Unchanged == manyAll })
		compared, peakAfter := p.memory(b, "VmRSS"), p.memory(b, "VmHWM")
		history := p.statusOf(b, "shop").History
		p.stop(b)
		check := time.Duration(history[len(history)-1].Seconds * float64(time.Second))
		reads := w.bareReads(b)
		after := w.bare(b, "after")
		bare := (before + after) / 2
		b.ReportMetric(manyAll/took.Seconds(), "secrets/s")
		b.ReportMetric(manyAll/bare.Seconds(), "bare-secrets/s")
		b.ReportMetric(bare.Seconds()/took.Seconds(), "of-bare")
		b.ReportMetric(reads.Seconds()/check.Seconds(), "check-of-bare")
		b.ReportMetric(applied, "MB-applied")
		b.ReportMetric(compared, "MB-compared")
		b.Logf("cold apply %s, bare loop %s before and %s after; comparison %s, bare reads %s; memory %.0f MB after the apply (peak %.0f), %.0f MB after a comparison (peak %.0f)",
			took.Round(time.Millisecond), before.Round(time.Millisecond), after.Round(time.Millisecond),
			check.Round(time.Millisecond), reads.Round(time.Millisecond), applied, peak, compared, peakAfter)
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

// bare writes as many secrets elsewhere.
func (w *world) bare(b *testing.B, name string) time.Duration {
	b.Helper()
	workflow := vaulttest.Workflow(b) + "-" + name
	requests := w.bareRequests(b)
	return requests.all(manyAll, func(i int) error {
		return requests.write(fmt.Sprintf("workflows/%s-%d/secret_%d", workflow, i%manyWorkflows, i), i)
	})
}

// bareReads reads the metadata of the secrets that relay-sync wrote.
func (w *world) bareReads(b *testing.B) time.Duration {
	b.Helper()
	requests := w.bareRequests(b)
	return requests.all(manyAll, func(i int) error {
		workflow, rest := i/(manyManifests*manySecrets), i%(manyManifests*manySecrets)
		return requests.read(fmt.Sprintf("workflows/%s/secret_%d_%02d", w.workflow(workflow), rest/manySecrets, rest%manySecrets))
	})
}

// programConfig is the text of a configuration of the world's source.
func (w *world) programConfig(b *testing.B) string {
	b.Helper()
	source := w.cfg.Sources[0]
	return fmt.Sprintf(
		"controller: %s\nvault: {address: %q, token_file: %q, concurrency: %d}\nsources:\n- {name: shop, repository: %q, files: [\"**/*.yaml\"], workflows: [%s], age_keys: [%q], drift_interval: 5s}\n",
		w.cfg.Controller, w.vault.Address, w.cfg.Vault.TokenFile, atOnce, w.repo, strings.Join(source.Workflows, ", "), source.AgeKeys[0])
}
