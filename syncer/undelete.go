// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// undeleting is the kind of action that no round takes: somebody asked for it.
const undeleting Kind = "undelete"

// Undeletion is what became of a secret that somebody wants back.
type Undeletion struct {
	Source  string
	Address secrets.Address
	// Record says which version it is and where that came from.
	Record secrets.Record
	// Err is why it was not brought back.
	Err error
}

// Undelete brings back secrets, named workflow/name, that their source soft-deleted
// and nobody wrote since. It looks at no repository. Rounds hold the deletion of
// what was brought back for approval, and write it anew once a file has it again.
// sources are names; none means whichever may write the workflow. said is the
// reason that a person gave, for the audit file. The error is about the request
// only; nothing was written then.
func (c *Controller) Undelete(ctx context.Context, names, sources []string, said string) ([]Undeletion, error) {
	among, err := c.cfg.Select(sources)
	if err != nil {
		return nil, err
	}
	var (
		out      = make([]Undeletion, len(names))
		owners   = make([]config.Source, len(names))
		problems []error
	)
	for i, name := range names {
		if strings.HasPrefix(name, plan.ConnectionPrefix) {
			err = fmt.Errorf("%s: a connection is not undeleted; put it into a file again, and the next round writes it", name)
		} else if out[i].Address, err = secrets.ParseAddress(c.cfg.Vault.Mount, c.cfg.Vault.Prefix, name); err == nil {
			owners[i], err = sourceOf(among, out[i].Address)
		}
		out[i].Source = owners[i].Name
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Err = c.undelete(ctx, owners[i], &out[i], said)
	}
	return out, nil
}

// sourceOf finds the one source that may write a secret.
func sourceOf(among []config.Source, a secrets.Address) (config.Source, error) {
	var found []config.Source
	var names []string
	for _, s := range among {
		if slices.Contains(s.Workflows, a.Group) {
			found, names = append(found, s), append(names, s.Name)
		}
	}
	switch len(found) {
	case 0:
		return config.Source{}, fmt.Errorf("%s: no source may write workflow %q", a, a.Group)
	case 1:
		return found[0], nil
	}
	return config.Source{}, fmt.Errorf("%s: several sources may write workflow %q; name one with --source: %s", a, a.Group, strings.Join(names, ", "))
}

func (c *Controller) undelete(ctx context.Context, cfg config.Source, u *Undeletion, said string) error {
	client, err := c.connect(cfg)
	if err != nil {
		return err
	}
	entry, err := client.Describe(ctx, u.Address)
	if err != nil {
		return err
	}
	if err := c.pace.wait(ctx); err != nil {
		return errNotTried
	}
	line := auditLine{Owner: string(client.Owner()), Commit: entry.Records[client.Owner()].Revision, Said: said}
	result := Result{Action: Action{Kind: undeleting, Address: u.Address, Entry: entry}}
	c.Audit.around(line, &result, func() {
		u.Record, result.Err = client.Undelete(ctx, u.Address)
		result.Version = u.Record.Version
	})
	return result.Err
}

// WriteUndeleted writes what Undelete came to, for people.
func (t *Text) WriteUndeleted(all []Undeletion) error {
	back := 0
	for _, u := range all {
		if u.Err != nil {
			t.block(0, t.paint(red, "x")+" "+u.Err.Error())
			continue
		}
		back++
		t.line(0, fmt.Sprintf("%s %s  undeleted: version %d, from %s of commit %s", t.paint(green, "+"), u.Address, u.Record.Version, u.Record.Origin, orNone(u.Record.Revision)))
	}
	t.line(0, "")
	if back > 0 {
		t.line(0, "Rounds leave what was undeleted, and report it, until a file has it again (git revert)")
		t.line(0, "or somebody approves its deletion (relay-sync apply --approve).")
	}
	return t.err
}

// WriteUndeletedJSON writes what Undelete came to as one JSON document.
func WriteUndeletedJSON(w io.Writer, all []Undeletion) error {
	type undeletedJSON struct {
		Source   string `json:"source"`
		Workflow string `json:"workflow"`
		Name     string `json:"name"`
		Version  int    `json:"version,omitempty"`
		File     string `json:"file,omitempty"`
		Commit   string `json:"commit,omitempty"`
		Error    string `json:"error,omitempty"`
	}
	out := make([]undeletedJSON, len(all))
	for i, u := range all {
		out[i] = undeletedJSON{
			Source: u.Source, Workflow: u.Address.Group, Name: u.Address.Name,
			Version: u.Record.Version, File: u.Record.Origin, Commit: u.Record.Revision, Error: errorText(u.Err),
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"secrets": out})
}
