// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"cmp"
	"errors"
	"net/url"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Config is one target of notifications. Exactly one of its fields is set.
type Config struct {
	// GitHub is a repository at GitHub whose commits get a status.
	GitHub *Host `yaml:"github"`
	// GitLab is a project at GitLab whose commits get a status.
	GitLab *Host `yaml:"gitlab"`
	// Gitea is a repository at Gitea or Forgejo whose commits get a status.
	Gitea *Host `yaml:"gitea"`
	// Webhook is a URL that receives signed messages.
	Webhook *Webhook `yaml:"webhook"`
}

// MaxTargets limits the targets of a source.
const MaxTargets = 10

// Host is a git host that receives commit statuses.
type Host struct {
	// URL is the URL of GitHub's API (https://api.github.com if unset; for GitHub
	// Enterprise Server https://HOST/api/v3), or of the GitLab server
	// (https://gitlab.com if unset), or of the Gitea or Forgejo server (required).
	URL string `yaml:"url"`
	// Repository is owner/name; for GitLab the path or the number of the project.
	// Required.
	Repository string `yaml:"repository"`
	// TokenFile is the file with a token that may set commit statuses. The token
	// should have no other permissions. It is read for every status. Required.
	TokenFile string `yaml:"token_file"`
	// CACert is a PEM file of certificate authorities to trust instead of the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

// Webhook is a URL that receives messages by Standard Webhooks.
type Webhook struct {
	// URL receives the POST requests. Required.
	URL string `yaml:"url"`
	// SecretFile is the file with the signing secret, at least 16 bytes long. A secret
	// that begins with whsec_ is base64. It is read for every message. Required.
	SecretFile string `yaml:"secret_file"`
	// CACert is a PEM file of certificate authorities to trust instead of the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

var (
	ownerAndName = lazyregexp.New(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)
	project      = lazyregexp.New(`^([0-9]+|[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+)$`)
)

// Files returns pointers to the paths in the configuration, to make them absolute.
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

// Warnings returns one warning for each credential file that every user of the
// machine can read.
func (c Config) Warnings() []string {
	var files []string
	for _, h := range []*Host{c.GitHub, c.GitLab, c.Gitea} {
		if h != nil {
			files = append(files, h.TokenFile)
		}
	}
	if c.Webhook != nil {
		files = append(files, c.Webhook.SecretFile)
	}
	return conffile.Warnings(files...)
}

// Problems returns what is wrong with the configuration. It reads no file.
func (c Config) Problems() (out problem.List) {
	kinds := 0
	for _, h := range []struct {
		kind       string
		host       *Host
		defaultURL string
		name       *lazyregexp.Regexp
		names      string
	}{
		{"github", c.GitHub, gitHubAPI, ownerAndName, "owner/name"},
		{"gitlab", c.GitLab, gitLabServer, project, "group/name, or the project's number"},
		{"gitea", c.Gitea, "", ownerAndName, "owner/name"},
	} {
		if h.host == nil {
			continue
		}
		kinds++
		out.AddError(h.kind+".url", checkURL(cmp.Or(h.host.URL, h.defaultURL), httpclient.ParseAddress))
		out.AddIf(!h.name.MatchString(h.host.Repository), h.kind+".repository", "must be %s", h.names)
		out.AddError(h.kind+".proxy", httpclient.CheckProxy(h.host.Proxy))
		out.AddIf(h.host.TokenFile == "", h.kind+".token_file", "is required; a file with a token that may set commit statuses")
	}
	if c.Webhook != nil {
		kinds++
		out.AddError("webhook.url", checkURL(c.Webhook.URL, httpclient.ParseURL))
		out.AddError("webhook.proxy", httpclient.CheckProxy(c.Webhook.Proxy))
		out.AddIf(c.Webhook.SecretFile == "", "webhook.secret_file", "is required; a file with the signing secret")
	}
	out.AddIf(kinds != 1, "", "must have exactly one of github, gitlab, gitea and webhook")
	return out
}

// checkURL requires TLS: without it, others on the way could read the token, or which
// secrets exist.
func checkURL(text string, parse func(string) (*url.URL, error)) error {
	if text == "" {
		return errors.New("is required, such as https://git.example.com")
	}
	u, err := parse(text)
	if err == nil {
		err = httpclient.RequireTLS(u)
	}
	return err
}
