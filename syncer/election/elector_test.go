// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
)

// open is a candidate's client with a kubeconfig for a fake API server.
func open(t *testing.T, api *leasetest.Server, token string) *leases {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(api.Kubeconfig(token)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := Config{Lease: "relay-sync", Namespace: "prod", Kubeconfig: path}.open()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLeaseExpiresByTheClockOfTheCandidate(t *testing.T) {
	t.Parallel()
	start := time.Now()
	theirs := spec{Leader: "b", Seconds: 30, Renewed: "1999-01-01T00:00:00.000000Z"}
	again := theirs
	again.Renewed = "1999-01-01T00:00:03.000000Z"
	for name, test := range map[string]struct {
		seen []spec // one every 20 seconds
		at   time.Duration
		want bool
	}{
		"a renewal with an old time is new":     {[]spec{theirs}, 29 * time.Second, false},
		"it expires after its duration":         {[]spec{theirs}, 30 * time.Second, true},
		"a renewal begins a new duration":       {[]spec{theirs, again}, 49 * time.Second, false},
		"and that one expires":                  {[]spec{theirs, again}, 50 * time.Second, true},
		"the same again is not a renewal":       {[]spec{theirs, theirs}, 30 * time.Second, true},
		"a lease without a duration is expired": {[]spec{{Leader: "b"}}, 0, true},
		"a negative duration is expired":        {[]spec{{Leader: "b", Seconds: -5}}, 0, true},
	} {
		e := &elector{identity: "a", duration: 30 * time.Second}
		for i, s := range test.seen {
			e.see(lease{Spec: s}, start.Add(time.Duration(i)*20*time.Second))
		}
		if got := e.expired(start.Add(test.at)); got != test.want {
			t.Errorf("%s: expired %v", name, got)
		}
	}
}

func TestClaimCountsTransitionsAndKeepsTheTimeOfElection(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 5000, time.UTC)
	const text = "2026-11-30T12:00:00.000005Z"
	for name, test := range map[string]struct{ before, want spec }{
		"of another": {spec{Leader: "b", Seconds: 15, Acquired: "x", Renewed: "y", Transitions: 2}, spec{"a", 30, text, text, 3}},
		"released":   {spec{Seconds: 1, Acquired: "x", Renewed: "y", Transitions: 2}, spec{"a", 30, text, text, 3}},
		"its own":    {spec{Leader: "a", Seconds: 30, Acquired: "x", Renewed: "y", Transitions: 2}, spec{"a", 30, "x", text, 2}},
	} {
		e := &elector{observed: observed{spec: test.before}, identity: "a", duration: 30 * time.Second}
		if got := e.claim(now); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestLeaseOfClientGoIsUnderstood takes over a Lease with labels, which stay, in the form that client-go writes.
func TestLeaseOfClientGoIsUnderstood(t *testing.T) {
	t.Parallel()
	api := leasetest.New(t)
	other, seconds, transitions := "b", int32(1), int32(4)
	now := metav1.NewMicroTime(time.Now())
	api.Put(v1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "relay-sync", Namespace: "prod", Labels: map[string]string{"team": "platform"}},
		Spec:       v1.LeaseSpec{HolderIdentity: &other, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now, LeaseTransitions: &transitions},
	})
	e := &elector{leases: open(t, api, "a"), name: "relay-sync", identity: "a", duration: 30 * time.Second}
	if leads, err := e.try(t.Context()); leads || err != nil {
		t.Fatalf("a lease of another: %v, %v", leads, err)
	}
	e.since = e.since.Add(-time.Second)
	if leads, err := e.try(t.Context()); !leads || err != nil {
		t.Fatalf("an expired lease: %v, %v", leads, err)
	}
	got := api.Lease()
	if *got.Spec.HolderIdentity != "a" || *got.Spec.LeaseDurationSeconds != 30 || *got.Spec.LeaseTransitions != 5 || got.Labels["team"] != "platform" || time.Since(got.Spec.RenewTime.Time) > time.Minute {
		t.Errorf("the lease is %+v", got)
	}
	if err := e.release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := api.Lease(); got.Spec.HolderIdentity != nil || *got.Spec.LeaseDurationSeconds != 1 || *got.Spec.LeaseTransitions != 5 {
		t.Errorf("the released lease is %+v", got)
	}
}

// TestConflictIsNotAnElection lets another client write between the read and the write.
func TestConflictIsNotAnElection(t *testing.T) {
	t.Parallel()
	api := leasetest.New(t)
	e := &elector{leases: open(t, api, "a"), name: "relay-sync", identity: "a", duration: 30 * time.Second}
	if leads, err := e.try(t.Context()); !leads || err != nil {
		t.Fatalf("a new lease: %v, %v", leads, err)
	}
	other, seconds := "b", int32(30)
	taken := *api.Lease()
	taken.Spec.HolderIdentity, taken.Spec.LeaseDurationSeconds = &other, &seconds
	api.Put(taken)
	if leads, err := e.try(t.Context()); leads || err != nil {
		t.Errorf("the leader renews a lease of another: %v, %v", leads, err)
	}
	if got := *api.Lease().Spec.HolderIdentity; got != "b" {
		t.Errorf("the lease is of %s", got)
	}
	if err := e.release(t.Context()); err != nil || *api.Lease().Spec.HolderIdentity != "b" {
		t.Errorf("it released the lease of another: %v", err)
	}
}

// TestLostAnswerOfAnUpdateIsReadAgain: the update arrived, so the version that the leader knows is not the current one.
func TestLostAnswerOfAnUpdateIsReadAgain(t *testing.T) {
	t.Parallel()
	api := leasetest.New(t)
	e := &elector{leases: open(t, api, "a"), name: "relay-sync", identity: "a", duration: 30 * time.Second}
	if leads, err := e.try(t.Context()); !leads || err != nil {
		t.Fatalf("a new lease: %v, %v", leads, err)
	}
	api.Put(*api.Lease())
	if leads, err := e.try(t.Context()); !leads || err != nil {
		t.Errorf("the leader does not renew its lease: %v, %v", leads, err)
	}
	if transitions := *api.Lease().Spec.LeaseTransitions; transitions != 0 {
		t.Errorf("%d transitions", transitions)
	}
}

// TestReadingTheOwnLeaseIsNotARenewal: the others count from the update whose answer was lost, and so must the leader.
func TestReadingTheOwnLeaseIsNotARenewal(t *testing.T) {
	t.Parallel()
	api := leasetest.New(t)
	e := &elector{leases: open(t, api, "a"), name: "relay-sync", identity: "a", duration: 30 * time.Second}
	if leads, err := e.try(t.Context()); !leads || err != nil {
		t.Fatalf("a new lease: %v, %v", leads, err)
	}
	before := e.renewed
	arrived, later := *api.Lease(), metav1.NewMicroTime(time.Now().Add(time.Second))
	arrived.Spec.RenewTime = &later
	api.Put(arrived)
	api.Before(func(method string) {
		if method == http.MethodPut {
			panic(http.ErrAbortHandler)
		}
	})
	if leads, err := e.try(t.Context()); leads || err == nil || !e.renewed.Equal(before) {
		t.Errorf("%v, %v, renewed %v later", leads, err, e.renewed.Sub(before))
	}
}

func TestEndedCandidateStartsNoWork(t *testing.T) {
	t.Parallel()
	api := leasetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	api.Before(func(method string) {
		if method == "POST" {
			cancel()
		}
	})
	c := &Candidate{identity: "a", cfg: Config{Lease: "relay-sync"}, leases: open(t, api, "a"), terms: terms{lease: 3 * time.Second, renew: time.Second, retry: 100 * time.Millisecond}}
	c.Run(ctx, slog.New(slog.DiscardHandler), func(context.Context) { t.Error("work started after the end of the candidate") })
}

// TestErrorsOfTheAPIServerNameTheCause also checks that a token is not in them.
func TestErrorsOfTheAPIServerNameTheCause(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		401: "read lease prod/relay-sync: HTTP 401: authentication failed", 403: "the Role needs get and update of this Lease", 404: "was not found",
		500: "read lease prod/relay-sync: HTTP 500", 200: "the answer is not a Lease",
	} {
		l := open(t, leasetest.New(t), "hunter2")
		answer(t, l, code, `{"kind":"Status","message":"hunter2"}`)
		_, err := l.get(t.Context(), "relay-sync")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%d: %v", code, err)
		}
	}
}
