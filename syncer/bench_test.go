// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// BenchmarkCommitToVault measures the time from the start of `git commit` until
// the value can be read, through the daemon, beside the bare calls that the same
// work needs: git commit, look up, list, read, and the two requests to Vault.
func BenchmarkCommitToVault(b *testing.B) {
	w := newWorld(b, 1)
	w.cfg.Vault.Address = w.vault.Address // the proxy would be measured too
	seal := func(i int) {
		w.seal("a.yaml", fmt.Sprintf("workflows:\n  %s:\n    token: value-%d\n", w.workflow(0), i))
		w.run("git", "add", "-A")
	}
	seal(0)
	w.commit()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		New(w.cfg, "bench").Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)))
		close(ended)
	}()
	reader := w.vault.Reader(b, w.workflow(0))
	arrived := func(i int) {
		for {
			if got, _ := w.vault.ReadAs(b, reader, w.workflow(0), "token"); got == fmt.Sprintf("value-%d", i) {
				return
			}
		}
	}
	arrived(0)
	var through, bare []time.Duration
	for i := 1; b.Loop(); i++ {
		b.StopTimer()
		seal(i)
		b.StartTimer()
		begun := time.Now()
		w.run("git", "commit", "-q", "-m", "change")
		arrived(i)
		through = append(through, time.Since(begun))
		b.StopTimer()
		bare = append(bare, bareCalls(b, w))
		b.StartTimer()
	}
	cancel()
	<-ended
	slices.Sort(through)
	slices.Sort(bare)
	at := func(d []time.Duration, share float64) float64 {
		return float64(d[int(share*float64(len(d)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(at(through, 0.5), "p50-ms")
	b.ReportMetric(at(through, 0.99), "p99-ms")
	b.ReportMetric(at(bare, 0.5), "bare-p50-ms")
	b.ReportMetric(at(through, 0.5)/at(bare, 0.5), "ratio")
}

// bareCalls does what a commit costs without us: the same git commands, and the
// same requests to Vault.
func bareCalls(b *testing.B, w *world) time.Duration {
	begun := time.Now()
	w.run("git", "commit", "-q", "--allow-empty", "-m", "bare")
	w.run("git", "for-each-ref", "refs/heads/main")
	w.run("git", "ls-tree", "-r", "main")
	w.run("git", "cat-file", "blob", "main:a.yaml")
	path := "customers/%s/workflows/" + w.workflow(0) + "/bare"
	send(b, w, http.MethodPost, fmt.Sprintf(path, "data"), `{"data":{"value":"x"}}`)
	send(b, w, http.MethodPatch, fmt.Sprintf(path, "metadata"), `{"custom_metadata":{"bare":"x"}}`)
	return time.Since(begun)
}

func send(b *testing.B, w *world, method, path, body string) {
	request, err := http.NewRequestWithContext(context.Background(), method, w.vault.Address+"/v1/"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", w.vault.RootToken)
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode >= 300 {
		b.Fatalf("%s %s: %d, %v", method, path, response.StatusCode, err)
	}
}

// BenchmarkInventory measures the answers for 1,000 workflows with 20 secrets and 20
// references each: all, a summary, one workflow, and all after a sync changed everything.
func BenchmarkInventory(b *testing.B) {
	cfg := &config.Config{Controller: "c", Vault: config.Vault{Mount: "customers", Prefix: "workflows"}, Sources: []config.Source{{Name: "shop"}}}
	r := report.Report{Source: "shop", Observation: &report.Observation{Secrets: map[secrets.Address]report.Secret{}}}
	files := workflowFiles{byWorkflow: map[string]workflowFile{}}
	for i := range 1000 {
		workflow := fmt.Sprintf("workflow-%d", i)
		cfg.Sources[0].Workflows = append(cfg.Sources[0].Workflows, workflow)
		f := workflowFile{read: true}
		for n := range 20 {
			name := fmt.Sprintf("secret_%d", n)
			r.Observation.Secrets[cfg.Vault.Root().In(workflow).Secret(name)] = report.Secret{
				Name: name, Live: true, Version: n, Changed: time.Now(), Owner: "gitops/c/shop", Source: "shop", File: "secrets/" + workflow + ".yaml",
				Revision: strings.Repeat("a", 40), Drift: "in sync",
			}
			f.references = append(f.references, report.Reference{
				Source: "shop", Kind: workflowfile.Secret, Name: name, UserKind: "step", User: "deploy", Field: "spec.env.TOKEN", File: "flows/" + workflow + ".yaml", Line: n,
			})
		}
		f.uses = usesOf(f.references)
		files.byWorkflow[workflow] = f
	}
	c := New(cfg, "bench")
	handler := c.CommandHandler()
	ask := func(b *testing.B, query string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/inventory"+query, nil))
		b.ReportMetric(float64(w.Body.Len())/1e6, "MB")
	}
	change := func() {
		c.inventory.post(r, time.Now())
		c.inventory.postFiles(cfg.Sources[0], files)
	}
	change()
	for _, query := range []string{"", "?summary", "?workflow=workflow-7"} {
		b.Run("unchanged"+query, func(b *testing.B) {
			for b.Loop() {
				ask(b, query)
			}
		})
		b.Run("changed"+query, func(b *testing.B) {
			for b.Loop() {
				change()
				ask(b, query)
			}
		})
	}
}
