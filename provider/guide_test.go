// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// update writes the files that the drift guide shows. Run with Terraform in PATH:
// go test ./provider -run Guide -update
var update = flag.Bool("update", false, "update testdata/plans")

var (
	exactTime  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`)
	secondTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	// hostsOwn are lines in which Terraform and OpenTofu differ.
	hostsOwn = regexp.MustCompile(`(?m)^ *(# \(\d+ unchanged attributes? hidden\)|. (value_wo|adopt) += \(write-only attribute\))\n`)
	atLine   = regexp.MustCompile(`on main.tf line \d+, in resource ("\w+" "\w+"):\n +\d+: .*`)
)

// inTheGuide compares output with a file of testdata/plans, which the drift guide shows.
// It ignores times and line breaks.
func inTheGuide(t *testing.T, name, seen string) {
	t.Helper()
	seen = hostsOwn.ReplaceAllString(seen, "")
	seen = secondTime.ReplaceAllString(exactTime.ReplaceAllString(seen, "2026-11-22T18:24:47.106812538Z"), "2026-11-22T19:02:11Z")
	seen = atLine.ReplaceAllString(seen, "on main.tf, in resource $1")
	seen = strings.ReplaceAll("\n"+strings.Trim(seen, "\n"), "\n  ", "\n")[1:] + "\n"
	file := filepath.Join("testdata", "plans", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(seen), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	shown, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(strings.Fields(string(shown)), " ") != strings.Join(strings.Fields(seen), " ") {
		t.Errorf("%s differs from the output:\n%s\noutput:\n%s", file, shown, seen)
	}
}

// planned returns the part of a plan about one resource.
func planned(output, name string) string {
	_, from, found := strings.Cut(output, "  # "+at(name)+" will")
	until := strings.Index(from, "\n    }\n")
	if !found || until < 0 {
		return ""
	}
	return "  # " + at(name) + " will" + from[:until] + "\n    }\n"
}

// diagnostic returns the diagnostic with a summary, up to the next diagnostic.
func diagnostic(output, headline string) string {
	_, from, found := strings.Cut(output, headline)
	if !found {
		return ""
	}
	lines := strings.Split(headline+from, "\n")
	end := slices.IndexFunc(lines[1:], func(line string) bool {
		return strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Warning: ") || strings.HasPrefix(line, "(and ")
	})
	if end >= 0 {
		lines = lines[:end+1]
	}
	return strings.Join(lines, "\n")
}

// drifting creates every kind of drift, and returns the configuration.
func drifting(t *testing.T, cli terraformtest.CLI) (*fixture, []string) {
	t.Helper()
	s := newFixtureOn(t, cli, vaulttest.StartOwn(t))
	s.workflow = "deploy-production"
	s.Setenv("VAULT_TOKEN", s.creator(t))
	all := []string{
		s.secret("expired", `"own"`, `delete_version_after = "2s"`),
		s.secret("restored", `"own"`, `value_wo_version = "2"`),
		s.secret("labels", `"own"`, `custom_metadata = { team = "shop" }`, `max_versions = 5`),
	}
	for _, d := range disturbances() {
		line := "adopt = true"
		if !d.foreign {
			line = ""
		}
		all = append(all, s.secret(d.name, `"own"`, line))
	}
	all = append(all, s.secret("absent", `"own"`))

	s.configure(t, s.secret("restored", `"own"`, `value_wo_version = "1"`))
	s.Apply(t)
	s.configure(t, all...)
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.HasSuffix(r.URL.Path, "/absent") && r.Method != http.MethodGet {
			return vaulttest.CutAt(vaulttest.Before)
		}
		return vaulttest.Action{}
	})
	s.Apply(t)
	s.proxy.Hook(nil)
	s.vault.Write(t, s.workflow, "unclaimed", "other")
	all = append(all, s.secret("unclaimed", `"own"`, "adopt = true"))
	s.configure(t, all...)
	s.Must(t, "import", at("unclaimed"), s.workflow+"/unclaimed")

	for _, d := range disturbances() {
		d.do(t, s, d.name)
	}
	s.vault.Purge(t, s.workflow, "restored")
	s.vault.Write(t, s.workflow, "restored", "older")
	s.vault.PatchCustomMetadata(t, s.workflow, "restored", map[string]any{"relay.terraform/shop": s.recordOf(t, "restored", 1)})
	s.vault.PatchCustomMetadata(t, s.workflow, "labels", map[string]any{"team": "other"})
	return s, all
}

func TestDriftGuideShowsRealPlans(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s, all := drifting(t, cli)
		deadline := time.Now().Add(patience)
		plan := s.Plan(t)
		for planned(plan.Output, "expired") == "" {
			if time.Now().After(deadline) {
				t.Fatal("the secret does not expire")
			}
			plan = s.Plan(t)
		}
		names := []string{"expired", "restored", "labels", "absent", "unclaimed"}
		for _, d := range disturbances() {
			names = append(names, d.name)
		}
		for _, name := range names {
			inTheGuide(t, name, planned(plan.Output, name))
		}

		configured := func(name string, lines ...string) {
			t.Helper()
			s.configure(t, s.secret(name, `"own"`, lines...))
		}
		configured("overwritten", `on_drift = "error"`)
		inTheGuide(t, "error", diagnostic(s.Fails(t, []string{"plan", "-target=" + at("overwritten")}).Output, "Error: Secret was changed"))
		configured("overwritten", `on_drift = "warn"`)
		inTheGuide(t, "warn", diagnostic(s.Must(t, "plan", "-target="+at("overwritten")).Output, "Warning: Secret was changed"))
		configured("taken")
		inTheGuide(t, "foreign", diagnostic(s.Fails(t, []string{"plan", "-target=" + at("taken")}).Output, "Error: Secret is not"))

		t.Log("the CI check finds all drift in the JSON plan, also drift that is only a warning")
		s.configure(t, append(all[:len(all):len(all)], s.secret("warned", `"own"`, `on_drift = "warn"`))...)
		s.Must(t, "apply", "-auto-approve", "-target="+at("warned"))
		s.vault.Write(t, s.workflow, "warned", "other")
		plan = s.Plan(t)
		plan.Change(at("warned")).HasActions(t, "no-op")
		for _, name := range append(names, "warned") {
			before, _ := plan.Change(at(name)).Change.Before["drift"].(string)
			if alarmed := before != "in sync"; alarmed == (name == "labels") {
				t.Errorf("%s: drift before is %q", name, before)
			}
		}

		t.Log("a token that cannot read metadata")
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "read"))
		configured("stripped")
		inTheGuide(t, "not-checked", diagnostic(s.Must(t, "plan", "-target="+at("stripped")).Output, "Warning: Drift is not checked"))
	})
}
