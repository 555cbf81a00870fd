// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Controller runs rounds for the sources of one configuration.
type Controller struct {
	cfg     *config.Config
	version string
	// Progress hears how many of a round's actions are done; nil for nobody.
	Progress func(source string, done, of int)
	// Warn hears what a person should know and what stops nothing.
	Warn func(text string)
	// Audit is where changes are written down; nil for nowhere.
	Audit *Audit

	// fileWarnings reports once the warnings about the files of the configuration.
	fileWarnings sync.Once

	hints    hints
	board    *board
	registry *prometheus.Registry
	metrics  *metrics
	pace     *pace
	notifier *notify.Notifier // nil before OpenHooks

	mirrors map[string]*gitmirror.Mirror // of remote sources

	// candidate is nil without an election; standby says that another was elected.
	candidate *election.Candidate
	standby   atomic.Bool

	mu      sync.Mutex
	clients map[string]*secrets.Client // source → its client
	// fingerprint is the key of FingerprintKeyFile, once it was read.
	fingerprint secrets.FingerprintKey
	// memories are what each source knows of its files: source → memory.
	memories map[string]*memory
	// swept are the bodies of connections, by source, that need no second look.
	swept    map[string]map[string]bool
	keyrings map[string]*keyring.Keyring // source → its keyring
}

// New makes a controller of a checked configuration. version goes into the
// User-Agent that Vault's audit log shows.
func New(cfg *config.Config, version string) *Controller {
	registry := prometheus.NewRegistry()
	c := &Controller{
		mirrors: newMirrors(cfg),
		cfg:     cfg, version: version, Progress: func(string, int, int) {}, Warn: func(string) {},
		hints: newHints(cfg.Sources), board: newBoard(cfg.Sources), registry: registry, metrics: newMetrics(registry, cfg.Sources), pace: newPace(cfg.Vault.WritesPerSecond),
		clients: map[string]*secrets.Client{}, memories: map[string]*memory{}, swept: map[string]map[string]bool{}, keyrings: map[string]*keyring.Keyring{},
	}
	registry.MustRegister(c.newLeaderMetric())
	return c
}

// Report is what one round over one source came to.
type Report struct {
	Source string
	Branch string
	// Commit is empty where the round did not come so far.
	Commit gitsource.Commit
	// Signer is who signed what was applied, where the source wants a signature.
	Signer string
	Files  int
	// Results are every secret of the source, in order of address. In a round that
	// only planned, none was carried out.
	Results []Result
	// PlanID names the plan if parts of it wait for approval; see PlanID.
	PlanID string
	// Approved says that they were approved.
	Approved bool
	// Failures are files and claims that were not applied.
	Failures []Failure
	// Err ended the round before its plan.
	Err error
	// Troubled says that Vault did not show every workflow, for a reason that may
	// pass by itself.
	Troubled bool
	// Applied tells a round that carried out its plan from one that only planned.
	Applied bool
	// Suspended says that the configuration suspends the source.
	Suspended bool
	// Keyless says that the plan compared ciphertexts alone.
	Keyless bool
}

// Request is what somebody asks rounds to do.
type Request struct {
	// Sources are names; none means all.
	// One that is suspended is carried out only by name.
	Sources []string
	// Keyless compares ciphertexts alone and needs no decryption key. It is for plans.
	Keyless bool
	// Apply carries plans out; without it they are only made.
	Apply bool
	// Approve is the id of a plan that is approved with its held parts. No other
	// plan is carried out then.
	Approve string
	// Adopt names secrets, as workflow/name, to take over; Unmanaged adds the wanted
	// ones that are live and have no record.
	Adopt     []string
	Unmanaged bool
	// Said is the reason that a person gave, for the audit file.
	Said string
}

// Rounds runs one round for each source that is asked for, in the configuration's
// order. A source that fails holds up no other. The error is about the request
// only; nothing was written then.
func (c *Controller) Rounds(ctx context.Context, ask Request) ([]Report, error) {
	if ask.Keyless && ask.Apply {
		return nil, errors.New("without keys there is only a plan: values cannot be opened")
	}
	sources, err := c.cfg.Select(ask.Sources)
	if err != nil {
		return nil, err
	}
	adoption, err := adoption(c.cfg, ask)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(sources))
	for i, s := range sources {
		if s.Suspend && ask.Apply && len(ask.Sources) == 0 {
			reports[i] = Report{Source: s.Name, Branch: s.ShortRef(), Suspended: true}
			continue
		}
		if err := c.fetch(ctx, s); err != nil {
			reports[i] = Report{Source: s.Name, Branch: s.ShortRef(), Suspended: s.Suspend, Err: err}
			continue
		}
		reports[i] = c.round(ctx, s, ask, adoption)
	}
	return reports, nil
}

func adoption(cfg *config.Config, ask Request) (Adoption, error) {
	out := Adoption{Addresses: map[secrets.Address]bool{}, Unmanaged: ask.Unmanaged}
	for _, id := range ask.Adopt {
		address, err := cfg.ParseAddress(id)
		if err != nil {
			return Adoption{}, err
		}
		out.Addresses[address] = true
	}
	return out, nil
}

// round is one pass over what was fetched: read, observe, plan, apply.
func (c *Controller) round(ctx context.Context, cfg config.Source, ask Request, adopt Adoption) Report {
	report := c.pass(ctx, cfg, ask, adopt)
	c.mend(ctx, report)
	return report
}

func (c *Controller) pass(ctx context.Context, cfg config.Source, ask Request, adopt Adoption) Report {
	report := Report{Source: cfg.Name, Branch: cfg.ShortRef(), Suspended: cfg.Suspend, Keyless: ask.Keyless}
	s, err := c.open(ctx, cfg, ask.Keyless)
	if err != nil {
		report.Err = err
		return report
	}
	s.said = ask.Said
	desired, err := s.desire(ctx)
	if err != nil {
		report.Err = err
		return report
	}
	report.Commit, report.Signer = desired.Commit, desired.Signer
	report.Files, report.Failures = len(desired.Files), desired.Failures
	seen, err := s.observe(ctx)
	if err != nil {
		report.Err = err
		return report
	}
	report.Failures = append(report.Failures, seen.failures(desired)...)
	report.Troubled = seen.troubled()
	actions, err := s.plan(ctx, desired, seen, adopt)
	if err != nil {
		report.Err = err
		return report
	}
	report.PlanID = PlanID(desired.Commit, actions)
	if report.PlanID != "" && report.PlanID == ask.Approve {
		report.Approved, actions = true, Approve(actions)
	}
	report.Applied = ask.Apply && (ask.Approve == "" || report.Approved)
	if report.Applied {
		report.Results = s.apply(ctx, desired, actions, c.counter(cfg.Name, actions))
		return report
	}
	for _, a := range actions {
		report.Results = append(report.Results, Result{Action: a})
	}
	return report
}

// counter turns the ends of actions into progress.
func (c *Controller) counter(source string, actions []Action) func(Result) {
	of, done := 0, 0
	for _, a := range actions {
		if a.Kind.Writes() || a.Kind.Notes() || a.Kind.Removes() {
			of++
		}
	}
	return func(Result) {
		done++
		c.Progress(source, done, of)
	}
}

// plan decides.
func (s *source) plan(ctx context.Context, d Desired, seen observation, adopt Adoption) ([]Action, error) {
	in := PlanInput{
		Owner: s.client.Owner(), Drift: s.Drift, Deletes: s.Deletes, Adopt: adopt, Wants: d.Wants,
		Observed: seen.entries, Unseen: seen.unseen,
		Failed: (len(d.Failures) > 0 && !d.Empty) || len(seen.unseen) > 0,
		Empty:  d.Empty, Keyless: s.keyless, History: s.History,
	}
	var err error
	if in.Ancestry, err = s.ancestry(ctx, d, seen); err != nil {
		return nil, err
	}
	return Plan(in), nil
}

// ancestry asks git about the revisions of what may be deleted, each once; and of
// what is wanted, where a rewritten history is refused.
func (s *source) ancestry(ctx context.Context, d Desired, seen observation) (map[string]gitsource.Ancestry, error) {
	wanted := map[secrets.Address]bool{}
	for _, w := range d.Wants {
		wanted[w.Address] = s.History != plan.RefuseHistory
	}
	out := map[string]gitsource.Ancestry{}
	for address, entry := range seen.entries {
		owner, record, found := entry.LastOwner()
		if _, known := out[record.Revision]; wanted[address] || known || !found || owner != s.client.Owner() {
			continue
		}
		answer, err := s.repo.Ancestry(ctx, gitsource.Commit(record.Revision), d.Commit)
		if err != nil {
			return nil, err
		}
		out[record.Revision] = answer
	}
	return out, nil
}
