// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Approvals are the settings for plans of a source that wait for approval.
type Approvals struct {
	// Link is the URL of a page of the team about pending approvals, such as
	// https://wiki.example.com/approvals?source={source}&plan={plan}. The name of the source
	// and the id of the plan replace {source} and {plan}. Notifications contain it; none if
	// unset.
	Link string `yaml:"link"`
	// Remind is the interval at which the webhooks in notify receive a reminder of a plan
	// that waits for approval; 24h if unset, 1h or more, 0s for none.
	Remind *time.Duration `yaml:"remind"`
	// Lifetime is how long an approval by relay-sync approve counts; 1h if unset, 1m to
	// 24h.
	Lifetime time.Duration `yaml:"lifetime"`
	// FourEyes requires that an approval is from a person who is not an author or committer
	// of the commits in the plan, or from two persons. relay-sync apply --approve is refused
	// then. Everybody can put another name into a commit: set verify, too, and protect the
	// branch.
	FourEyes bool `yaml:"four_eyes"`
	// People are the persons behind the e-mail addresses of authors and committers, and
	// behind the signers that verify accepts: the id of the person's entity in Vault, or
	// "program", such as for a git host that merges. If an address is missing, two persons
	// must approve.
	People map[string]string `yaml:"people"`
}

const (
	defaultRemind = 24 * time.Hour
	minRemind     = time.Hour
	// maxLink is the longest target_url that GitLab accepts.
	maxLink = 255
	// planIDLength is that of SHA-256 in hexadecimal digits.
	planIDLength = 64
)

var errPlaceholder = errors.New("must not contain braces, except for {source} and {plan}")

func (a Approvals) problems(source string) (out problem.List) {
	a.approverProblems(&out)
	out.AddError("link", checkLink(a.Link))
	out.AddIf(len(a.LinkTo(source, strings.Repeat("0", planIDLength))) > maxLink, "link",
		"must have at most %d bytes, with the source and the plan in it", maxLink)
	remind := a.RemindInterval()
	out.AddIf(remind != 0 && remind < minRemind, "remind", "must be %s or more, such as 24h; 0s for no reminders", minRemind)
	return out
}

func checkLink(text string) error {
	if text == "" {
		return nil
	}
	u, err := httpclient.ParseURL(fill(text, "source", "plan"))
	if err != nil {
		return err
	}
	if strings.ContainsAny(u.Host+u.Path+u.RawQuery, "{}") {
		return errPlaceholder
	}
	return httpclient.RequireTLS(u)
}

// LinkTo is the link to a plan; empty if none is configured.
func (a Approvals) LinkTo(source, planID string) string {
	u, err := url.Parse(fill(a.Link, source, planID))
	if err != nil {
		return ""
	}
	return u.String()
}

// fill escapes the names so that they are one part of a path or of a query.
func fill(link, source, planID string) string {
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	return strings.NewReplacer("{source}", escape(source), "{plan}", escape(planID)).Replace(link)
}

// RemindInterval is Remind or its default; 0 for no reminders.
func (a Approvals) RemindInterval() time.Duration {
	if a.Remind == nil {
		return defaultRemind
	}
	return *a.Remind
}
