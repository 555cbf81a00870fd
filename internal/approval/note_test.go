// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"strings"
	"testing"
	"time"
)

var (
	planID = strings.Repeat("0123456789abcdef", 4)
	now    = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
)

func by(entity string, change func(*Note)) Note {
	n := Note{Entity: entity, Plan: planID, Time: now, Reason: "CHG-1: retired"}
	if change != nil {
		change(&n)
	}
	return n
}

func TestNoteSurvivesVault(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"x", "time=2020-01-01T00:00:00Z plan=" + planID, "é 日本 =", strings.Repeat("r", MaxReasonBytes)} {
		n := by("ada", func(n *Note) { n.Reason = reason })
		if got, is := parse("ada", n.String()); !is || got != n || n.Check() != nil {
			t.Errorf("%q: %+v, %v, %v", n.String(), got, is, n.Check())
		}
		if len(n.String()) > 512 {
			t.Errorf("%d bytes do not fit into custom_metadata", len(n.String()))
		}
	}
}

func TestOtherTextIsNotANote(t *testing.T) {
	t.Parallel()
	good := by("ada", nil).String()
	for _, text := range []string{
		"", "approve", good + "\n", "\n" + good, good[1:], strings.Replace(good, planID, planID[:63], 1), strings.Replace(good, planID, strings.ToUpper(planID), 1),
		strings.Replace(good, "12:00:00Z", "12:00:61Z", 1), strings.Replace(good, "12:00:00Z", "12:00:00+00:00", 1),
		strings.Replace(good, "CHG-1: retired", "", 1), good + "\x1b[2J", good + "\xff", good + strings.Repeat("x", MaxReasonBytes), strings.Replace(good, " time", "  time", 1),
	} {
		if n, is := parse("ada", text); is {
			t.Errorf("%q is taken for %+v", text, n)
		}
	}
}

func TestReasonThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"": "is required", "  ": "is required", strings.Repeat("r", 10_000): "has 10000 bytes: must have at most 384", "a\nb": "one line", "\x1b[2J": "one line", "\u202e": "one line", "\xff": "one line",
	} {
		if err := by("ada", func(n *Note) { n.Reason = reason }).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", reason, err)
		}
	}
	if err := by("ada", func(n *Note) { n.Plan = planID[:16] }).Check(); err == nil || !strings.Contains(err.Error(), "64 hexadecimal digits") {
		t.Errorf("a shortened id: %v", err)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	hour := Rules{Lifetime: time.Hour}
	four := func(unknown bool, authors ...string) Rules {
		return Rules{Lifetime: time.Hour, FourEyes: true, Authors: authors, Unknown: unknown}
	}
	at := func(entity string, age time.Duration) Note {
		return by(entity, func(n *Note) { n.Time = now.Add(-age) })
	}
	other := by("ada", func(n *Note) { n.Plan = strings.Repeat("1", 64) })
	for name, c := range map[string]struct {
		rules Rules
		notes []Note
		want  string // the entities that approve
		cause string
	}{
		"no note":                                {hour, nil, "", ""},
		"one person":                             {hour, []Note{at("ada", 0)}, "ada", ""},
		"two persons":                            {hour, []Note{at("bob", 0), at("ada", time.Minute)}, "ada bob", ""},
		"another plan":                           {hour, []Note{other}, "", ""},
		"just before the end":                    {hour, []Note{at("ada", time.Hour-time.Second)}, "ada", ""},
		"at the end":                             {hour, []Note{at("ada", time.Hour)}, "", "expired"},
		"within the skew":                        {hour, []Note{at("ada", -time.Minute)}, "ada", ""},
		"beyond the skew":                        {hour, []Note{at("ada", -time.Minute-time.Second)}, "", "future"},
		"in the year 9999":                       {hour, []Note{by("ada", func(n *Note) { n.Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) })}, "", "future"},
		"one expired, one not":                   {hour, []Note{at("ada", time.Hour), at("bob", 0)}, "bob", "ada"},
		"four eyes: another person":              {four(false, "ada"), []Note{at("bob", 0)}, "bob", ""},
		"four eyes: the author":                  {four(false, "ada", "bob"), []Note{at("bob", 0)}, "", "author or committer"},
		"four eyes: the author and another":      {four(false, "ada"), []Note{at("ada", 0), at("bob", 0)}, "ada bob", ""},
		"four eyes: two authors":                 {four(false, "ada", "bob"), []Note{at("ada", 0), at("bob", 0)}, "ada bob", ""},
		"four eyes: one person twice":            {four(false, "ada"), []Note{at("ada", 0), at("ada", time.Minute)}, "", "author or committer"},
		"four eyes: unknown author":              {four(true), []Note{at("bob", 0)}, "", "two persons"},
		"four eyes: unknown author, two":         {four(true), []Note{at("ada", 0), at("bob", 0)}, "ada bob", ""},
		"four eyes: unknown, the second expired": {four(true), []Note{at("ada", time.Hour), at("bob", 0)}, "", "two persons"},
	} {
		d := Decide(c.rules, planID, c.notes, now)
		var got []string
		for _, n := range d.Approved {
			got = append(got, n.Entity)
		}
		if strings.Join(got, " ") != c.want || !strings.Contains(strings.Join(d.Refused, "; "), c.cause) || c.cause == "" && len(d.Refused) > 0 {
			t.Errorf("%s: %q, refused %q", name, got, d.Refused)
		}
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	if got, err := ParseName("c/s/8d6e-1"); err != nil || got.Name() != "c/s/8d6e-1" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range []string{"", "c/s", "c/s/e/x", "../s/e", "c/../e", "c/s/..", "c/s/+", "c/s/", "C/s/e", "c/s/a*"} {
		if got, err := ParseName(name); err == nil {
			t.Errorf("%q is taken for %+v", name, got)
		}
	}
}
