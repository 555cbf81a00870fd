// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

const monitoring = "../examples/relay-sync/monitoring/"

// alert is a rule of Prometheus.
type alert struct {
	Alert, Expr, For string
	Annotations      map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alert } }
	text, err := os.ReadFile(monitoring + "rules.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &file)
	}
	if err != nil || len(file.Groups) != 1 {
		t.Fatalf("%v: %d groups", err, len(file.Groups))
	}
	return file.Groups[0].Rules
}

// TestEachAlertOfTheGuideIsARule compares the table of the guide with the rules.
func TestEachAlertOfTheGuideIsARule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\nRecommended alerts")
	if !found {
		t.Fatal("the guide has no recommended alerts")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| `(.+?)` \\| (\\w+) \\|").FindAllStringSubmatch(table, -1)
	if len(rows) < 7 {
		t.Errorf("the guide has %d alerts", len(rows))
	}
	rules := alerts(t)
	for _, row := range rows {
		want := alert{Expr: strings.ReplaceAll(row[1], `\|`, "|"), For: row[2]}
		if !slices.ContainsFunc(rules, func(a alert) bool { return a.Expr == want.Expr && a.For == want.For }) {
			t.Errorf("no rule for %s with the expression %s", want.For, want.Expr)
		}
	}
}

// TestMonitoringUsesMetricsOfTheDaemon checks the names of metrics and labels in the rules,
// their texts, and the dashboard.
func TestMonitoringUsesMetricsOfTheDaemon(t *testing.T) {
	t.Parallel()
	metrics := exportedMetrics(t)
	used := map[string]bool{}
	check := func(where, expr string) {
		t.Helper()
		names := regexp.MustCompile(`\b(?:relay_sync|go|process)_[a-z_]+`).FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s: %s has no metric", where, expr)
		}
		labels := map[string]bool{"le": true, "instance": true, "job": true}
		for _, name := range names {
			name = strings.TrimSuffix(name, "_bucket")
			used[name] = true
			known, exported := metrics[name]
			if !exported {
				t.Errorf("%s: the daemon has no metric %s", where, name)
			}
			for _, label := range known {
				labels[label] = true
			}
		}
		for _, list := range regexp.MustCompile(`(?:by|on) \(([^)]*)\)|(\w+)=~?"`).FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(list[1]+list[2], ", ") {
				if !labels[label] {
					t.Errorf("%s: no metric of %s has the label %s", where, expr, label)
				}
			}
		}
	}
	for _, rule := range alerts(t) {
		check(rule.Alert, rule.Expr)
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s has no summary or description", rule.Alert)
		}
	}
	for title, expr := range dashboard(t) {
		check(title, expr)
	}
	for name := range metrics {
		if strings.HasPrefix(name, "relay_sync_") && !used[name] {
			t.Errorf("neither the rules nor the dashboard use the metric %s", name)
		}
	}
}

// dashboard returns the expressions of the dashboard by title and reference.
func dashboard(t *testing.T) map[string]string {
	t.Helper()
	var file struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	text, err := os.ReadFile(monitoring + "dashboard.json")
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, panel := range file.Panels {
		for _, target := range panel.Targets {
			out[panel.Title+" "+target.RefID] = target.Expr
		}
	}
	if len(out) < 10 {
		t.Errorf("the dashboard has %d expressions", len(out))
	}
	return out
}

// exportedMetrics returns the labels of each metric of the daemon.
func exportedMetrics(t *testing.T) map[string][]string {
	t.Helper()
	c := New(&config.Config{}, "test")
	if _, err := c.OpenHooks(); err != nil { // which has metrics of its own
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc, 1000)
	c.registry.Describe(descs)
	close(descs)
	out := map[string][]string{}
	for desc := range descs {
		match := descriptor.FindStringSubmatch(desc.String())
		if match == nil {
			t.Fatalf("a metric's description is not as expected: %s", desc)
		}
		out[match[1]] = strings.Split(match[3], ",")
	}
	process, err := c.gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range process {
		for _, label := range family.GetMetric()[0].GetLabel() {
			out[family.GetName()] = append(out[family.GetName()], label.GetName())
		}
		out[family.GetName()] = append(out[family.GetName()], "")
	}
	return out
}
