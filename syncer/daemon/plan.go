// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// ErrNoPlan: the source is known, and nothing in it waits.
var ErrNoPlan = errors.New("nothing is pending approval")

// Plan requests what waits for approval of a source. Errors: ErrNoPlan, plan.ErrDocument.
func (c *Client) Plan(ctx context.Context, source string) (plan.Document, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := c.send(ctx, c.small, http.MethodGet, "/status")
	if err != nil {
		return plan.Document{}, fmt.Errorf("read the plan of source %q: %w", source, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return plan.Document{}, fmt.Errorf("read the plan of source %q: %s: the server answered %d to GET /status, so it is not the endpoint of relay-sync", source, c.at, response.StatusCode)
	}
	return FindPlan(response.Body, c.at, source)
}

// FindPlan finds the plan of a source in the status of a daemon or in the output of plan
// -o json. It does not trust the id there. from is where the text comes from, for errors.
func FindPlan(r io.Reader, from, source string) (plan.Document, error) {
	doc, err := findPlan(io.LimitReader(r, maxStatusBytes), source)
	if err != nil {
		return plan.Document{}, fmt.Errorf("read the plan of source %q from %s: %w", source, from, err)
	}
	return doc, nil
}

func findPlan(r io.Reader, source string) (plan.Document, error) {
	var answer struct {
		Sources []struct {
			Source     string          `json:"source"`
			PlanID     string          `json:"plan_id"`
			Plan       json.RawMessage `json:"plan"`
			FollowedBy string          `json:"followed_by"`
		} `json:"sources"`
	}
	if err := json.NewDecoder(r).Decode(&answer); err != nil || answer.Sources == nil {
		return plan.Document{}, errors.New("not the output of relay-sync plan -o json, and not the status of a daemon")
	}
	for _, s := range answer.Sources {
		if s.Source != source {
			continue
		}
		if s.FollowedBy != "" {
			return plan.Document{}, fmt.Errorf("replica %s follows the source, so it has the plan. Hint: run the command there, or name its endpoint: --url", foreign.Short(s.FollowedBy))
		}
		if len(s.Plan) == 0 {
			return plan.Document{}, ErrNoPlan
		}
		doc, err := plan.ParseDocument(s.Plan)
		switch {
		case err == nil && doc.Source != source:
			err = fmt.Errorf("%w: it is of source %q", plan.ErrDocument, doc.Source)
		case err == nil && doc.ID() != s.PlanID:
			err = fmt.Errorf("%w: its id is not that of what it contains", plan.ErrDocument)
		}
		return doc, err
	}
	var names []string
	for _, s := range answer.Sources {
		names = append(names, foreign.Quote(s.Source))
	}
	return plan.Document{}, fmt.Errorf("source not found: it has %s", problem.Listed(names))
}
