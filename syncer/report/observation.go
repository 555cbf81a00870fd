// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"cmp"
	"maps"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Observation is what Vault has of a source's workflows and connections after a sync: what
// the sync observed, with what it did since.
type Observation struct {
	// Secrets are all secrets and connections, also those of other owners, by address.
	Secrets map[secrets.Address]Secret
	// Unseen are the workflows, and types of connections, that could not be observed, and
	// why. Secrets has none of theirs.
	Unseen map[secrets.Scope]error
}

// Observed is what the entries are after the results of a sync. owner is that of the source.
func Observed(owner secrets.Owner, source string, entries map[secrets.Address]secrets.Entry, unseen map[secrets.Scope]error, r Report) *Observation {
	o := &Observation{Secrets: make(map[secrets.Address]Secret, len(entries)), Unseen: unseen}
	for a, e := range entries {
		o.Secrets[a] = secretOf(a, e)
	}
	for _, result := range r.Results {
		if _, is := unseen[result.Address.Scope]; is {
			continue
		}
		out := o.Secrets[result.Address] // absent if Vault has nothing
		if !r.Applied || result.Err != nil || !result.Kind.Changes() {
			out.left(result)
		} else {
			out = changed(owner, string(r.Commit), result)
		}
		out.Name = result.Address.Name
		if !removed(r, result) {
			out.Source = source
		}
		if result.Want != nil {
			out.File = result.Want.File
		}
		o.Secrets[result.Address] = out
	}
	return o
}

// removed reports whether the source has nothing to do with a secret any more.
func removed(r Report, result Result) bool {
	return r.Applied && result.Err == nil && result.Kind.Removes()
}

// secretOf is a secret as its owner judges it.
func secretOf(a secrets.Address, e secrets.Entry) Secret {
	out := Secret{Name: a.Name, Live: e.Live(), Version: e.Current, Changed: e.Versions[e.Current].Created, Expires: e.Expires()}
	if owner, record, found := e.LastOwner(); found {
		out.Owner, out.File, out.Revision = string(owner), record.Origin, record.Revision
	}
	out.judge(secrets.JudgeAsOwner(e))
	return out
}

func (s *Secret) judge(v secrets.Verdict) {
	s.Drift, s.Drifted = v.String(), v.Drifted() && v.State != secrets.NotChecked
}

// left sets what a sync did not do.
func (s *Secret) left(r Result) {
	s.judge(r.Verdict)
	switch {
	case r.Err != nil:
		s.Waiting = &Waiting{Kind: ActionFailed, Cause: cut(r.Err.Error())}
	case r.Kind.Waits() || r.Kind == plan.Drift:
		s.Waiting = &Waiting{Kind: r.Kind, Cause: cut(r.Cause)}
	}
}

// changed is a secret after an action that changed it.
func changed(owner secrets.Owner, commit string, r Result) Secret {
	e := r.Entry
	switch {
	case r.Kind.Removes(): // the record does not count any more
		e.Records = maps.Clone(e.Records)
		delete(e.Records, owner)
		out := secretOf(r.Address, e)
		if r.Kind == plan.Delete {
			out.Live, out.Expires = false, time.Time{}
			out.judge(secrets.Verdict{State: secrets.Absent})
		}
		return out
	case !r.Kind.Writes(): // only the record
		out := secretOf(r.Address, e)
		out.judge(secrets.Verdict{State: secrets.InSync})
		if r.Kind.UpdatesRecord() {
			out.Revision = cmp.Or(r.Revision, commit)
		}
		return out
	}
	out := Secret{Live: true, Version: r.Version, Changed: r.Created, Expires: r.Expires, Owner: string(owner), Revision: commit}
	out.judge(secrets.Verdict{State: secrets.InSync})
	return out
}

// maxCause limits a cause: thousands of secrets may have one.
const maxCause = 1 << 10

func cut(text string) string {
	if len(text) <= maxCause {
		return text
	}
	return strings.ToValidUTF8(text[:maxCause], "") + "..."
}
