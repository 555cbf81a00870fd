// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestAuditLineNamesFromWhomASecretIsTaken(t *testing.T) {
	t.Parallel()
	const shop, till = secrets.Owner("gitops/main/shop"), secrets.Owner("gitops/main/till")
	written := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(owner secrets.Owner) secrets.Entry {
		e := secrets.Entry{Current: 1, Versions: map[int]secrets.Version{1: {Created: written}}, Records: map[secrets.Owner]secrets.Record{}}
		if owner != secrets.NoOwner {
			e.Records[owner] = secrets.Record{Version: 1, Time: written}
		}
		return e
	}
	for name, c := range map[string]struct {
		action   plan.Action
		by, want secrets.Owner
	}{
		"adopted":                      {plan.Action{Kind: plan.Adopt, Entry: of("terraform/prod")}, shop, "terraform/prod"},
		"adopted, unmanaged":           {plan.Action{Kind: plan.Adopt, Entry: of(secrets.NoOwner)}, shop, ""},
		"handed over":                  {plan.Action{Kind: plan.HandOver, Entry: of(till), Former: till}, shop, till},
		"deleted by a person":          {plan.Action{Kind: plan.Delete, Entry: of(shop), Former: shop}, "person/ada-0123456789abcdef", shop},
		"released by a person":         {plan.Action{Kind: plan.Release, Former: shop}, "person/ada-0123456789abcdef", shop},
		"written again":                {plan.Action{Kind: plan.Change, Entry: of(shop)}, shop, ""},
		"deleted by its owner":         {plan.Action{Kind: plan.Delete, Entry: of(shop)}, shop, ""},
		"claim of another is kept":     {plan.Action{Kind: plan.Release, Entry: of("terraform/prod")}, shop, ""},
		"of a person with a new name":  {plan.Action{Kind: plan.Change, Entry: of("person/ada-0123456789abcdef")}, "person/lovelace-0123456789abcdef", ""},
		"record updated by its source": {plan.Action{Kind: plan.UpdateRecord, Entry: of(shop)}, shop, ""},
	} {
		if got := formerOwner(c.action, c.by); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}

// TestGuideNamesEachFieldOfAnAuditLine: who reads the file needs to know what each is.
func TestGuideNamesEachFieldOfAnAuditLine(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../templates/guides/relay-sync.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "## The audit file")
	section, _, _ = strings.Cut(section, "\n## ")
	line := reflect.TypeFor[report.AuditLine]()
	for i := range line.NumField() {
		name, _, _ := strings.Cut(line.Field(i).Tag.Get("json"), ",")
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("the guide does not explain the field %s", name)
		}
	}
}
