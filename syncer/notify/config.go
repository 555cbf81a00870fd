// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

// Config is one target: exactly one of its fields is set.
type Config struct {
	// GitHub sets a commit status there.
	GitHub *Host `yaml:"github"`
	// GitLab sets a commit status there.
	GitLab *Host `yaml:"gitlab"`
	// Gitea sets a commit status there, or at Forgejo.
	Gitea *Host `yaml:"gitea"`
	// Webhook takes a signed message.
	Webhook *Webhook `yaml:"webhook"`
}

// MaxTargets bounds the targets of a source.
const MaxTargets = 10

// Host is a git host at which commit statuses are set.
type Host struct {
	// URL is the API of GitHub (https://api.github.com if unset, such as
	// https://github.example.com/api/v3 for a server of one's own), or the server of
	// GitLab (https://gitlab.com if unset), Gitea or Forgejo (required).
	URL string `yaml:"url"`
	// Repository is owner/name, at GitLab also deeper or a number. Required.
	Repository string `yaml:"repository"`
	// TokenFile holds a token that may set commit statuses and should be able to do
	// nothing else. It is read for every status. Required.
	TokenFile string `yaml:"token_file"`
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string `yaml:"ca_cert"`
}

// Webhook is an address that is told in the way of Standard Webhooks.
type Webhook struct {
	// URL takes the POST. Required.
	URL string `yaml:"url"`
	// SecretFile holds the secret to sign with, of 16 bytes at least; one that begins
	// with whsec_ is base64. It is read for every message. Required.
	SecretFile string `yaml:"secret_file"`
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string `yaml:"ca_cert"`
}

var (
	ownerAndName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)
	project      = regexp.MustCompile(`^([0-9]+|[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+)$`)
)

// Files are the paths in it, to be made absolute.
func (c Config) Files() []*string {
	var out []*string
	for _, h := range []*Host{c.GitHub, c.GitLab, c.Gitea} {
		if h != nil {
			out = append(out, &h.TokenFile, &h.CACert)
		}
	}
	if c.Webhook != nil {
		out = append(out, &c.Webhook.SecretFile, &c.Webhook.CACert)
	}
	return out
}

// Problems lists what is wrong.
func (c Config) Problems() []string {
	var out []string
	kinds := 0
	for _, h := range []struct {
		kind      string
		host      *Host
		otherwise string
		name      *regexp.Regexp
		names     string
	}{
		{"github", c.GitHub, gitHubAPI, ownerAndName, "owner/name"},
		{"gitlab", c.GitLab, gitLabServer, project, "group/name, or the project's number"},
		{"gitea", c.Gitea, "", ownerAndName, "owner/name"},
	} {
		if h.host == nil {
			continue
		}
		kinds++
		if p := addressProblem(valueOr(h.host.URL, h.otherwise)); p != "" {
			out = append(out, "notify."+h.kind+".url "+p)
		}
		if !h.name.MatchString(h.host.Repository) {
			out = append(out, "notify."+h.kind+".repository must be "+h.names)
		}
		if h.host.TokenFile == "" {
			out = append(out, "notify."+h.kind+".token_file is missing: a file that holds a token which may set commit statuses")
		}
	}
	if c.Webhook != nil {
		kinds++
		if p := addressProblem(c.Webhook.URL); p != "" {
			out = append(out, "notify.webhook.url "+p)
		}
		if c.Webhook.SecretFile == "" {
			out = append(out, "notify.webhook.secret_file is missing: a file that holds the secret to sign with")
		}
	}
	if kinds != 1 {
		out = append(out, "each entry of notify must be exactly one of github, gitlab, gitea and webhook")
	}
	return out
}

// addressProblem says what is wrong with a URL. Without TLS anybody on the way
// could take the token, or read which secrets exist.
func addressProblem(text string) string {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "is missing: such as https://git.example.com"
	case err != nil || u.Host == "" || u.Fragment != "":
		return "is no URL; expected such as https://git.example.com"
	case u.User != nil:
		return "must hold no user and password; the credential comes from a file"
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return "must begin with https:// (http:// only to this machine itself)"
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func valueOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
