// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	gitHubAPI    = "https://api.github.com"
	gitLabServer = "https://gitlab.com"
)

// message returns the request of one attempt to send a notice. All attempts for a
// notice have the same id. Errors name the credential's file and never hold its text.
type message func(ctx context.Context, n notice, id string) (*http.Request, error)

// gitHubStatus is "Create a commit status" (docs.github.com/rest/commits/statuses).
func gitHubStatus(h Host) message {
	return func(ctx context.Context, n notice, _ string) (*http.Request, error) {
		token, err := readToken("github", h)
		if err != nil {
			return nil, err
		}
		r, _, err := post(ctx, trim(cmp.Or(h.URL, gitHubAPI))+"/repos/"+h.Repository+"/statuses/"+url.PathEscape(n.Commit), contextStatus(n.Event))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept", "application/vnd.github+json")
		r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
		r.Header.Set("Authorization", "Bearer "+token)
		return r, nil
	}
}

// giteaStatus is "Create a commit status" of Gitea's and Forgejo's API v1
// (/api/swagger of every server).
func giteaStatus(h Host) message {
	return func(ctx context.Context, n notice, _ string) (*http.Request, error) {
		token, err := readToken("gitea", h)
		if err != nil {
			return nil, err
		}
		r, _, err := post(ctx, trim(h.URL)+"/api/v1/repos/"+h.Repository+"/statuses/"+url.PathEscape(n.Commit), contextStatus(n.Event))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "token "+token)
		return r, nil
	}
}

func contextStatus(e Event) map[string]string {
	state := map[state]string{failing: "failure", waiting: "pending", succeeded: "success"}[e.state()]
	return withLink(e, map[string]string{"state": state, "context": e.label(), "description": e.Counts.String()})
}

func withLink(e Event, status map[string]string) map[string]string {
	if link := e.link(); link != "" {
		status["target_url"] = link
	}
	return status
}

// gitLabStatus is "Set commit pipeline status" (docs.gitlab.com/api/commits). The
// ref selects one of the commit's pipelines.
func gitLabStatus(h Host) message {
	return func(ctx context.Context, n notice, _ string) (*http.Request, error) {
		token, err := readToken("gitlab", h)
		if err != nil {
			return nil, err
		}
		state := map[state]string{failing: "failed", waiting: "pending", succeeded: "success"}[n.state()]
		r, _, err := post(ctx, trim(cmp.Or(h.URL, gitLabServer))+"/api/v4/projects/"+url.PathEscape(h.Repository)+"/statuses/"+url.PathEscape(n.Commit),
			withLink(n.Event, map[string]string{"state": state, "ref": n.Branch, "name": n.label(), "description": n.Counts.String()}))
		if err != nil {
			return nil, err
		}
		r.Header.Set("PRIVATE-TOKEN", token)
		return r, nil
	}
}

// payload is the signed webhook's body, of report.FormatVersion.
type (
	payload struct {
		FormatVersion string    `json:"format_version"`
		Type          kind      `json:"type"`
		Timestamp     time.Time `json:"timestamp"`
		// Data is a revision, an approval or a closed approval, by Type.
		Data any `json:"data"`
	}
	about struct {
		Controller string `json:"controller"`
		Source     string `json:"source"`
		Branch     string `json:"branch"`
		Commit     string `json:"commit,omitempty"`
		Counts     Counts `json:"counts"`
	}
	revision struct {
		about
		Problems []string `json:"problems"`
	}
	approval struct {
		about
		PlanID       string         `json:"plan_id"`
		PendingSince time.Time      `json:"pending_since"`
		Actions      map[string]int `json:"actions"`
		Causes       []string       `json:"causes"`
		// MoreCauses is how many causes were left out.
		MoreCauses int    `json:"more_causes"`
		Command    string `json:"command"`
		Link       string `json:"link,omitempty"`
	}
	closedApproval struct {
		about
		PlanID       string    `json:"plan_id"`
		PendingSince time.Time `json:"pending_since"`
		// Approved is false if another plan replaced this one, or another process carried
		// it out.
		Approved bool   `json:"approved"`
		Link     string `json:"link,omitempty"`
	}
)

func newPayload(n notice) payload {
	out := payload{FormatVersion: report.FormatVersion, Type: n.kind, Timestamp: n.Time.UTC()}
	about := about{n.Controller, n.Source, n.Branch, n.Commit, n.Counts}
	switch p := n.plan; {
	case p == nil:
		out.Data = revision{about, printable(n.Problems)}
	case n.kind == approvalClosed:
		out.Data = closedApproval{about, p.PlanID, p.Since.UTC(), n.Approved == p.PlanID, p.Link}
	default:
		causes, more := p.causes()
		out.Data = approval{about, p.PlanID, p.Since.UTC(), p.Actions, causes, more, p.Command, p.Link}
	}
	return out
}

// signed returns a message of Standard Webhooks (www.standardwebhooks.com).
func signed(w Webhook) message {
	return func(ctx context.Context, n notice, id string) (*http.Request, error) {
		key, err := readSigningKey(w)
		if err != nil {
			return nil, err
		}
		r, body, err := post(ctx, w.URL, newPayload(n))
		if err != nil {
			return nil, err
		}
		now := time.Now()
		signature, err := key.Sign(id, now, body)
		if err != nil {
			return nil, err
		}
		r.Header.Set(standardwebhooks.HeaderWebhookID, id)
		r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
		r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		return r, nil
	}
}

func readToken(kind string, h Host) (string, error) {
	token, err := conffile.Token(h.TokenFile)
	if err != nil {
		return "", fmt.Errorf("notify.%s.token_file: %w", kind, err)
	}
	return token, nil
}

func readSigningKey(w Webhook) (*standardwebhooks.Webhook, error) {
	key, err := conffile.SigningKey(w.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("notify.webhook.secret_file: %w", err)
	}
	return standardwebhooks.NewWebhookRaw(key)
}

func newID() string { return "msg_" + rand.Text() }

// printable are problems whose text a receiver can show, each of several lines.
func printable(problems []string) []string {
	out := make([]string, len(problems))
	for i, problem := range problems {
		out[i] = foreign.Lines(problem)
	}
	return out
}

// post returns the request and its body. What is not printable is escaped also where JSON
// does not require it: a receiver may log the body.
func post(ctx context.Context, address string, body any) (*http.Request, []byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, nil, err
	}
	text = []byte(foreign.Line(string(text)))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "relay-sync")
	return r, text, nil
}

func trim(address string) string { return strings.TrimSuffix(address, "/") }
