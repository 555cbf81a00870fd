// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
)

var (
	all         = flag.Bool("share.all", false, "simulate 1,000 sources and 50 replicas")
	simulations = flag.Int("share.simulations", 1, "random histories of replicas that share to simulate")
	seed        = flag.Uint64("share.seed", 0, "seed of the first simulation; 0 for another one each time")
)

// simulation is replicas that share parts before one API server, in virtual time. Its
// requests take time.
type simulation struct {
	t      *testing.T
	api    *leasetest.Server
	random *rand.Rand
	parts  []string
	terms  terms

	mu sync.Mutex
	// doing are the replicas by the parts that they do.
	doing  map[string]*simulated
	outage bool
	// losses: some requests and answers get lost, and lost counts them.
	losses bool
	lost   int
}

// simulated is one replica.
type simulated struct {
	s    *simulation
	name string
	// gone: the process was killed. cut: it does not reach the API server.
	gone, cut bool
	// renewed is when its last renewal arrived.
	renewed time.Time
	end     context.CancelFunc
	ended   chan struct{}
}

func newSimulation(t *testing.T, random *rand.Rand, parts int) *simulation {
	return &simulation{t: t, api: leasetest.NewHandler(), random: random, parts: numbered("team-", parts), terms: defaultTerms(), doing: map[string]*simulated{}}
}

// pick is a random duration up to d.
func (s *simulation) pick(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.random.Int64N(int64(d)))
}

// RoundTrip sends a request of the replica to the API server.
func (r *simulated) RoundTrip(request *http.Request) (*http.Response, error) {
	travel := func() error {
		if !sleep(request.Context(), r.s.pick(20*time.Millisecond)) {
			return request.Context().Err()
		}
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		if r.gone || r.cut || r.s.outage {
			return errors.New("no route to host")
		}
		if r.s.losses && r.s.random.IntN(1000) == 0 {
			r.s.lost++
			return errors.New("connection reset")
		}
		return nil
	}
	if err := travel(); err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	r.s.api.ServeHTTP(answer, request)
	if request.Method == http.MethodPut && answer.Code == http.StatusOK {
		r.s.mu.Lock()
		r.renewed = time.Now()
		r.s.mu.Unlock()
	}
	if err := travel(); err != nil { // carried out, and the answer is lost
		return nil, err
	}
	return answer.Result(), nil
}

func (s *simulation) add(n int) *simulated {
	r := &simulated{s: s, name: "replica-" + strconv.Itoa(n), ended: make(chan struct{})}
	c := &Candidate{identity: r.name, cfg: Config{Lease: "relay-sync", Namespace: "prod"}, terms: s.terms,
		leases: &leases{client: &http.Client{Transport: r}, collection: "http://kubernetes" + leasetest.Path, namespace: "prod"}}
	ctx, cancel := context.WithCancel(context.Background())
	r.end = cancel
	go func() {
		defer close(r.ended)
		c.Share(ctx, slog.New(slog.DiscardHandler), Work{Parts: s.parts, Do: r.do, Seen: func(map[string]string) {}})
	}()
	return r
}

// do does a part: what is under way when ctx ends takes up to two seconds.
func (r *simulated) do(ctx context.Context, part string) {
	r.s.mu.Lock()
	if r.gone {
		r.s.mu.Unlock()
		return
	}
	if other := r.s.doing[part]; other != nil {
		r.s.t.Errorf("%s and %s do %s at the same time", other.name, r.name, part)
	}
	r.s.doing[part] = r
	r.s.mu.Unlock()
	<-ctx.Done()
	time.Sleep(r.s.pick(2 * time.Second))
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.doing[part] == r {
		delete(r.s.doing, part)
	}
}

// kill ends a replica as SIGKILL does, and returns the parts that it did.
func (r *simulated) kill() (parts []string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.gone = true
	for part, by := range r.s.doing {
		if by == r {
			delete(r.s.doing, part)
			parts = append(parts, part)
		}
	}
	r.end()
	return parts
}

// settle waits, and asserts that after that time each part is done, by replicas with at
// most a quarter more than their share.
func (s *simulation) settle(after time.Duration, replicas int, what string) {
	s.t.Helper()
	time.Sleep(after)
	s.mu.Lock()
	defer s.mu.Unlock()
	load := map[*simulated]int{}
	for _, by := range s.doing {
		load[by]++
	}
	most := 0
	for _, n := range load {
		most = max(most, n)
	}
	if len(s.doing) != len(s.parts) || most > (len(s.parts)*5+4*replicas-1)/(4*replicas) {
		s.t.Errorf("%v after %s: %d of %d parts are done by %d replicas, at most %d by one", after, what, len(s.doing), len(s.parts), len(load), most)
	}
}

// TestSharedSourcesAreTakenOver simulates the normal case and each event, and counts the
// requests.
func TestSharedSourcesAreTakenOver(t *testing.T) {
	t.Parallel()
	sources, replicas := 100, 10
	if *all {
		sources, replicas = 1000, 50
	}
	synctest.Test(t, func(t *testing.T) { takeOvers(t, sources, replicas) })
}

func takeOvers(t *testing.T, sources, replicas int) {
	s := newSimulation(t, rand.New(rand.NewPCG(1, 1)), sources)
	var all []*simulated
	for n := range replicas {
		all = append(all, s.add(n))
	}
	s.settle(8*s.terms.retry, replicas, "the start of all")
	before := s.api.Count()
	s.settle(time.Minute, replicas, "a quiet minute")
	quiet := float64(s.api.Count()-before) / 60
	t.Logf("%d sources, %d replicas: %.1f requests a second while nothing changes", sources, replicas, quiet)
	if most := 2 * float64(replicas) / s.terms.retry.Seconds(); quiet > most {
		t.Errorf("%.1f requests a second, more than two for each replica and interval (%.1f)", quiet, most)
	}

	before = s.api.Count()
	begun := time.Now()
	s.takeOver(all[7])
	s.settle(4*s.terms.retry, replicas-1, "kill -9 of one")
	took := time.Since(begun)
	t.Logf("%.0f more requests in the %v after kill -9 of one replica", float64(s.api.Count()-before)-quiet*took.Seconds(), took)

	half := replicas / 2
	s.takeOver(all[replicas-half:]...)
	s.settle(4*s.terms.retry, replicas-1-half, "kill -9 of half of them")
	all[0].end()
	<-all[0].ended
	s.settle(3*s.terms.retry, replicas-2-half, "the stop of one")
	for n := range half + 2 {
		all = append(all, s.add(replicas+n))
	}
	// A new replica takes the Lease of a dead one only after it saw no renewal for 30 seconds.
	s.settle(s.terms.lease+5*s.terms.retry, replicas, "the start of others")
	if n := len(s.api.Leases()); n > replicas+1 {
		t.Errorf("%d Leases for at most %d replicas at a time", n, replicas)
	}
	for _, r := range all {
		r.end()
	}
	for _, r := range all {
		<-r.ended
	}
	if len(s.doing) > 0 {
		t.Errorf("%d sources are still followed", len(s.doing))
	}
}

// takeOver kills replicas, and asserts that the others take over their sources when the leases
// have expired, and not before. The others read the Leases once in an interval.
func (s *simulation) takeOver(killed ...*simulated) {
	s.t.Helper()
	start, expired := time.Now(), time.Now().Add(s.terms.lease)
	var orphaned []string
	for _, r := range killed {
		orphaned = append(orphaned, r.kill()...)
		if at := r.renewed.Add(s.terms.lease); at.Before(expired) {
			expired = at // the last renewal was up to an interval before the end
		}
	}
	taken := map[string]bool{} // also those that move on to a third replica
	for len(taken) < len(orphaned) && time.Since(start) < s.terms.lease+2*s.terms.retry {
		time.Sleep(50 * time.Millisecond)
		s.mu.Lock()
		for _, part := range orphaned {
			taken[part] = taken[part] || s.doing[part] != nil
		}
		s.mu.Unlock()
		maps.DeleteFunc(taken, func(_ string, is bool) bool { return !is })
		if len(taken) > 0 && time.Now().Before(expired) {
			s.t.Fatalf("%d of %d sources were taken over before a lease had expired", len(taken), len(orphaned))
		}
	}
	s.t.Logf("%d sources of %d killed replicas were taken over within %v", len(taken), len(killed), time.Since(start).Round(time.Second))
	if len(taken) < len(orphaned) || len(orphaned) == 0 {
		s.t.Errorf("%d of %d sources were taken over %v after the end", len(taken), len(orphaned), time.Since(start))
	}
}

// TestTwoReplicasNeverDoTheSamePart simulates random histories: replicas come, stop, are
// killed, and do not reach the API server for a while; the API server is gone.
func TestTwoReplicasNeverDoTheSamePart(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	for i := range *simulations {
		one := first + uint64(i) //nolint:gosec // a count
		t.Run(fmt.Sprint("seed ", one), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { randomHistory(t, rand.New(rand.NewPCG(one, 0))) })
		})
	}
	t.Attr("tried", strconv.Itoa(*simulations))
}

func randomHistory(t *testing.T, random *rand.Rand) {
	s := newSimulation(t, random, 40)
	s.losses = true
	var all []*simulated
	n := 0
	add := func() {
		all = append(all, s.add(n))
		n++
	}
	take := func() *simulated {
		i := int(s.pick(time.Duration(len(all))))
		out := all[i]
		all = slices.Delete(all, i, i+1)
		return out
	}
	var stopped []*simulated
	for range 4 {
		add()
	}
	for range 40 {
		time.Sleep(s.pick(40 * time.Second))
		switch event := s.pick(6); {
		case event == 0 || len(all) < 2:
			add()
		case event == 1:
			r := take()
			r.end()
			stopped = append(stopped, r)
		case event == 2:
			r := take()
			r.kill()
			stopped = append(stopped, r)
		case event <= 4:
			r := all[s.pick(time.Duration(len(all)))]
			s.set(&r.cut, true)
			time.AfterFunc(s.pick(time.Minute), func() { s.set(&r.cut, false) })
		default:
			s.set(&s.outage, true)
			time.Sleep(s.pick(time.Minute))
			s.set(&s.outage, false)
		}
	}
	s.settle(2*time.Minute, len(all), "the last event")
	t.Logf("%d requests, %d answers or requests lost, %d Leases", s.api.Count(), s.lost, len(s.api.Leases()))
	for _, r := range all {
		r.end()
	}
	for _, r := range append(all, stopped...) {
		<-r.ended
	}
}

func (s *simulation) set(flag *bool, to bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*flag = to
}
