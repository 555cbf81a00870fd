// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
	"time"
)

const beforeApprovals = "controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: t}\nsources:\n  - {name: shop, repository: shop, files: [a.yaml], workflows: [w], age_keys: [k], approvals: "

func TestApprovalSettingsAreCheckedWithTheirLine(t *testing.T) {
	t.Parallel()
	for approvals, want := range map[string]string{
		"{link: 'https://wiki.example.com/a?s={source}&p={plan}', remind: 1h}": "",
		"{link: 'http://localhost:1/{plan}', remind: 0s}":                      "",
		"{remind: 0s}":                                 "",
		"{link: 'http://wiki.example.com/'}":           "line 4: sources[0].approvals.link must begin with https://",
		"{link: 'javascript:alert(1)'}":                "line 4: sources[0].approvals.link must be a URL",
		"{link: wiki.example.com}":                     "line 4: sources[0].approvals.link must be a URL",
		"{link: 'https://ada:pw@wiki.example.com'}":    "line 4: sources[0].approvals.link must not contain credentials",
		"{link: 'https://wiki.example.com/{commit}'}":  "line 4: sources[0].approvals.link must not contain braces",
		"{link: 'https://wiki.example.com/?p={PLAN}'}": "line 4: sources[0].approvals.link must not contain braces",
		"{link: 'https://{commit}.example.com/'}":      "line 4: sources[0].approvals.link must be a URL",
		"{four_eyes: true, people: {a@x: 5f5ff0ff-7a9c-4f5c-b0b5-6f5f0a5a1c3e, 'bot@x': program}, lifetime: 1m}": "",
		"{four_eyes: true, people: {a@x: ada}}":                                  "line 4: sources[0].approvals.people: \"a@x\" must have the id of an entity",
		"{four_eyes: true, people: {a@x: }}":                                     "line 4: sources[0].approvals.people: \"a@x\" must have the id of an entity",
		"{four_eyes: true, people: {a@x: ''}}":                                   "line 4: sources[0].approvals.people: \"a@x\" must have the id of an entity",
		"{four_eyes: true, people: {a@x: 5F5FF0FF-7A9C-4F5C-B0B5-6F5F0A5A1C3E}}": "line 4: sources[0].approvals.people: \"a@x\" must have the id of an entity",
		"{people: {a@x: program}}":                                               "line 4: sources[0].approvals.people must not be set without four_eyes",
		"{lifetime: 25h}":                                                        "line 4: sources[0].approvals.lifetime must be 1m0s to 24h0m0s",
		"{lifetime: 59s}":                                                        "line 4: sources[0].approvals.lifetime must be 1m0s to 24h0m0s",
		"{remind: 30m}":                                                          "line 4: sources[0].approvals.remind must be 1h0m0s or more",
		"{remind: -24h}":                                                         "line 4: sources[0].approvals.remind must be 1h0m0s or more",
		"{remind: daily}":                                                        "line 4: sources[0].approvals.remind must be a duration with its unit",
		"{link: 'https://x/{plan}" + strings.Repeat("a", 200) + "'}":             "line 4: sources[0].approvals.link must have at most 255 bytes",
	} {
		_, problems := parse([]byte(beforeApprovals+approvals+"}"), "/etc/relay")
		if got := strings.Join(problems, "\n"); len(problems) > 1 || (want == "") != (got == "") || !strings.HasPrefix(got, want) || strings.Contains(got, "pw") {
			t.Errorf("%s: got %q, want %q", approvals, got, want)
		}
	}
}

func TestApprovalsLinkEscapesWhatItNames(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"":                                   "",
		"https://wiki.example.com/approvals": "https://wiki.example.com/approvals",
		"https://wiki.example.com/{source}/{plan}?s={source}&p={plan}": "https://wiki.example.com/a%2Fb%3Fc%23%26%20%7Bplan%7D%22/0a?s=a%2Fb%3Fc%23%26%20%7Bplan%7D%22&p=0a",
		"https://wiki.example.com/a b/\"{plan}":                        "https://wiki.example.com/a%20b/%220a",
	} {
		if got := (Approvals{Link: link}).LinkTo(`a/b?c#& {plan}"`, "0a"); got != want {
			t.Errorf("%s: got %s, want %s", link, got, want)
		}
	}
}

func TestRemindersAreDailyUnlessConfigured(t *testing.T) {
	t.Parallel()
	for approvals, want := range map[string]time.Duration{"{}": 24 * time.Hour, "{remind: 2h}": 2 * time.Hour, "{remind: 0s}": 0} {
		cfg, problems := parse([]byte(beforeApprovals+approvals+"}"), "/etc/relay")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := cfg.Sources[0].Approvals.RemindInterval(); got != want {
			t.Errorf("%s: %s, want %s", approvals, got, want)
		}
	}
}
