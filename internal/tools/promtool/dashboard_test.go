// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package promtool

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

func TestExpressionsOfTheDashboardAreValid(t *testing.T) {
	text, err := os.ReadFile("../../../examples/relay-sync/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	// Grafana replaces these.
	replace := strings.NewReplacer("$__rate_interval", "5m", "$source", "platform|shop")
	checked := 0
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(replace.Replace(target.Expr)); err != nil {
				t.Errorf("%s: %v", panel.Title, err)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("%d expressions", checked)
	}
}
