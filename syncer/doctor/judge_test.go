// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestTokenThatEndsSoonOrNeverIsAWarning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	self := func(left time.Duration) vaultclient.Self {
		return vaultclient.Self{ExpireTime: now.Add(left).Format(time.RFC3339Nano), CreationTTL: 3600}
	}
	for name, c := range map[string]struct {
		self  vaultclient.Self
		login bool
		want  report.CheckState
	}{
		"never expires":       {vaultclient.Self{}, false, report.CheckWarning},
		"an hour":             {self(time.Hour), false, report.CheckOK},
		"a quarter":           {self(15 * time.Minute), false, report.CheckOK},
		"less":                {self(14 * time.Minute), false, report.CheckWarning},
		"less, from a login":  {self(time.Minute), true, report.CheckOK},
		"never, from a login": {vaultclient.Self{}, true, report.CheckWarning},
	} {
		if got := ofToken(c.self, c.login, now); got.State != c.want || got.State != report.CheckOK && got.Hint == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestClocksThatDifferAreAFailure(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for skew, want := range map[time.Duration]report.CheckState{
		0: report.CheckOK, 30 * time.Second: report.CheckOK, -30 * time.Second: report.CheckOK,
		31 * time.Second: report.CheckFailed, -time.Hour: report.CheckFailed,
	} {
		if got := ofClock(now, now.Add(skew)); got.State != want {
			t.Errorf("%s: %+v", skew, got)
		}
	}
	if got := ofClock(time.Time{}, now); got.State != report.CheckSkipped {
		t.Errorf("no time: %+v", got)
	}
}

func TestServerThatCannotServeIsAFailure(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]vaultclient.Health{
		"not initialized": {Version: "1.14.1", Sealed: true},
		"sealed":          {Version: "1.14.1", Sealed: true, Initialized: true},
	} {
		if got := ofHealth("https://vault", h); got.State != report.CheckFailed || !strings.Contains(got.Text, want) || got.Hint == "" {
			t.Errorf("%+v", got)
		}
	}
	if got := ofHealth("https://vault", vaultclient.Health{Version: "1", Initialized: true, Standby: true}); got.State != report.CheckOK {
		t.Errorf("%+v", got)
	}
}

func TestAddressIsFreeOrOfTheDaemon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bound   error
		running bool
		want    report.CheckState
	}{
		{nil, false, report.CheckOK},
		{syscall.EADDRINUSE, true, report.CheckOK},
		{syscall.EADDRINUSE, false, report.CheckFailed},
		{os.ErrPermission, false, report.CheckFailed},
		{errors.New("no such address"), false, report.CheckFailed},
		{nil, true, report.CheckWarning},
	} {
		if got := ofAddress("listen", ":9460", "the daemon", c.bound, c.running); got.State != c.want || got.State != report.CheckOK && got.Hint == "" {
			t.Errorf("%v, running %v: %+v", c.bound, c.running, got)
		}
	}
}

func TestHintOfAnErrorIsTheNextStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ err, text, hint string }{
		{"open it: no such file. Hint: create it", "open it: no such file", "create it"},
		{"open it: failed", "open it: failed", "other"},
		{"missing:\n  line 1\n  line 2", "missing:", "line 1\n  line 2\nother"},
	} {
		if got := failed("x", errors.New(c.err), "other"); got.Text != c.text || got.Hint != c.hint {
			t.Errorf("%q: %+v", c.err, got)
		}
	}
}
