// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// Client sends requests to one Vault with one token. It is safe for concurrent use.
type Client struct {
	api     *api.Client
	session *session
	// namespace is that of logins and of the token, without slashes at both ends.
	namespace string
	// slots bounds the concurrent requests.
	slots chan struct{}
}

// New checks the settings and makes a client; it sends nothing. The error is a
// *problem.Error with the problems that Check returns.
func New(cfg Settings) (*Client, error) {
	problems := cfg.Problems()
	token := cfg.token(&problems)
	problems = append(problems, cfg.http().FileProblems()...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	base, err := cfg.newAPI(cfg.Concurrency)
	if err != nil {
		return nil, err
	}
	c := newClient(base, cfg.namespace(), cfg.Concurrency, &session{login: cfg.Login, tokenFile: cfg.TokenFile})
	c.use(token)
	return c, nil
}

func newClient(base *api.Client, namespace string, concurrency int, s *session) *Client {
	return &Client{api: base, namespace: namespace, session: s, slots: make(chan struct{}, concurrency)}
}

func (cfg Settings) namespace() string { return strings.Trim(cfg.Namespace, "/") }

// newAPI makes a client of Vault's library, without a token, that keeps at most conns
// connections.
func (cfg Settings) newAPI(conns int) (*api.Client, error) {
	settings := cfg.http()
	settings.MaxConns = conns
	httpClient, err := httpclient.New(settings)
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(&api.Config{
		Address:        cfg.Address,
		HttpClient:     httpClient,
		Timeout:        cfg.RequestTimeout,
		MinRetryWait:   100 * time.Millisecond,
		MaxRetryWait:   300 * time.Millisecond,
		MaxRetries:     *cfg.MaxRetries,
		CheckRetry:     retryPolicy,
		Backoff:        retryablehttp.RateLimitLinearJitterBackoff,
		ReadYourWrites: true,
	})
	if err != nil {
		// The library reads VAULT_* itself; its error may quote one of them.
		return nil, fmt.Errorf("create the Vault client for %s: a VAULT_* variable in the environment is invalid; unset it", cfg.Address)
	}
	// Replace, also by nothing, what the library read from the environment.
	client.SetHeaders(headersOf(cfg.Headers))
	client.SetWrappingLookupFunc(func(string, string) string { return "" })
	client.ClearToken()
	client.SetNamespace(cfg.namespace())
	if cfg.namespace() == "" {
		client.ClearNamespace()
	}
	return client, nil
}

func (cfg *Settings) setDefaults() {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = defaultRequestTimeout
	}
	if cfg.MaxRetries == nil {
		cfg.MaxRetries = new(DefaultMaxRetries)
	}
}

// in is the client for one request in a namespace, with the current token. A token of a
// parent namespace is valid in its child namespaces.
func (c *Client) in(namespace string) *api.Client {
	if namespace == c.namespace {
		return c.api
	}
	return c.api.WithNamespace(namespace)
}

// Address is Vault's URL, as in the settings.
func (c *Client) Address() string { return c.api.Address() }
