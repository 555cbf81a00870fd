// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// errNoPlan: the source is known, and nothing in it waits.
var errNoPlan = errors.New("nothing is pending approval")

// pendingPlan returns what waits of a source: from the daemon, or from a file.
func (o *options) pendingPlan(ctx context.Context, f approveFlags, source string) (plan.Document, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	body, from, err := o.openPlans(ctx, f)
	if err != nil {
		return plan.Document{}, fmt.Errorf("read the plan of source %q: %w", source, err)
	}
	defer body.Close()
	doc, err := findPlan(io.LimitReader(body, maxStatusBytes), source)
	if err != nil {
		return plan.Document{}, fmt.Errorf("read the plan of source %q from %s: %w", source, from, err)
	}
	return doc, nil
}

// openPlans opens what has the plans, and names it.
func (o *options) openPlans(ctx context.Context, f approveFlags) (io.ReadCloser, string, error) {
	switch f.plan {
	case "":
		response, at, err := o.requestPlans(ctx, f)
		if err == nil && response.StatusCode != http.StatusOK {
			_ = response.Body.Close()
			err = fmt.Errorf("%s: the server answered %d to GET /status, so it is not the endpoint of relay-sync", at, response.StatusCode)
		}
		if err != nil {
			return nil, "", err
		}
		return response.Body, at, nil
	case "-":
		return io.NopCloser(os.Stdin), "standard input", nil
	}
	file, err := os.Open(f.plan)
	return file, conffile.Display(f.plan), err
}

// findPlan finds the plan of a source in the status of a daemon or in the output of plan
// -o json. It does not trust the id there.
func findPlan(r io.Reader, source string) (plan.Document, error) {
	var answer struct {
		Sources []struct {
			Source string          `json:"source"`
			PlanID string          `json:"plan_id"`
			Plan   json.RawMessage `json:"plan"`
		} `json:"sources"`
	}
	if err := json.NewDecoder(r).Decode(&answer); err != nil || answer.Sources == nil {
		return plan.Document{}, errors.New("not the output of relay-sync plan -o json, and not the status of a daemon")
	}
	for _, s := range answer.Sources {
		if s.Source != source {
			continue
		}
		if len(s.Plan) == 0 {
			return plan.Document{}, errNoPlan
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

// requestPlans requests the status of the daemon, which has the plans.
func (o *options) requestPlans(ctx context.Context, f approveFlags) (response *http.Response, at string, err error) {
	if f.url != "" {
		u, err := httpclient.ParseAddress(f.url)
		if err != nil {
			return nil, "", fmt.Errorf("invalid --url: %w", err)
		}
		if response, err = get(ctx, strings.TrimRight(u.String(), "/")+"/status"); err != nil {
			err = fmt.Errorf("%s: no answer. Hint: check the URL, and that relay-sync run is running", u.Host)
		}
		return response, u.Host, err
	}
	cfg := &config.Config{Socket: f.socket}
	if f.socket == "" {
		if cfg, err = config.Read(o.config); err != nil {
			return nil, "", fmt.Errorf("%w\nHint: without a configuration, name the daemon: --socket PATH or --url URL; or give its plan: --plan FILE", err)
		}
	}
	return requestStatus(ctx, cfg)
}

// statusTimeout limits a request for the status, with its answer.
const statusTimeout = 30 * time.Second

// confirmedOnTerminal is confirmed where standard input has the plan.
func (o *options) confirmedOnTerminal(question string) bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		fmt.Fprintln(o.stderr, "standard input has the plan, and there is no terminal to ask. Hint: add --yes, or give the plan as --plan FILE")
		return false
	}
	defer terminal.Close()
	return o.confirmedBy(terminal, question)
}
