// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/vault/api"
)

// Defaults and bounds of a connection.
const (
	DefaultConcurrency    = 16
	DefaultMaxRetries     = 3
	DefaultRequestTimeout = 30 * time.Second

	// MaxConcurrency and MaxMaxRetries are the most that Check takes.
	MaxConcurrency = 1000
	MaxMaxRetries  = 100
)

// Settings says how to reach Vault. Nothing is taken from the environment.
type Settings struct {
	// Address is Vault's URL, such as https://vault.example.com:8200. Required.
	Address string
	// Namespace is a Vault Enterprise or OpenBao namespace; empty for none.
	Namespace string
	// Token authenticates every request. One of Token, TokenFile and Login is
	// required.
	Token string
	// TokenFile is a file that holds nothing but the token. It is read again when
	// Vault no longer takes the token.
	TokenFile string
	// Login gets a token at the first request, and another when that has died.
	Login Login
	// CACert is a PEM file with the authorities to trust in place of the system's.
	CACert string
	// CACertPEM is the content of such a file. At most one of both is given.
	CACertPEM string
	// ClientCert and ClientKey are PEM files for mutual TLS; both or none.
	ClientCert string
	ClientKey  string
	// TLSServerName is the name that Vault's certificate has to be for; empty for
	// the host of the address.
	TLSServerName string
	// Headers go with every request, for what stands in front of Vault. Vault's
	// own, X-Vault-..., are refused.
	Headers map[string]string
	// Concurrency is how many requests may be under way at once, and so how many
	// connections are kept. 0 means DefaultConcurrency.
	Concurrency int
	// MaxRetries is how often a request that may be sent twice is repeated. A data
	// write is repeated only where Vault says that it did not run it (429). Nil
	// means DefaultMaxRetries.
	MaxRetries *int
	// UserAgent names the caller in Vault's audit log, such as "relay-sync/1.2.3".
	UserAgent string
	// RequestTimeout bounds one request, its retries included. 0 means
	// DefaultRequestTimeout.
	RequestTimeout time.Duration
}

// Client speaks to one Vault with one token. It is safe for concurrent use.
type Client struct {
	api     *api.Client
	session *session
	// slots has room for the requests that may be under way at once.
	slots chan struct{}
}

// SettingError is one field of a Settings that is wrong, so that a caller can
// point at where it came from.
type SettingError struct {
	// Setting is the field's name, such as "Address" or, of a login,
	// "Login.RoleID". A pair of files that do not fit is blamed on ClientCert.
	Setting string
	problem error
}

func (e *SettingError) Error() string { return e.problem.Error() }

// Unwrap gives the cause, such as a file that does not exist.
func (e *SettingError) Unwrap() error { return e.problem }

func blame(setting string, problem error) error {
	if problem == nil {
		return nil
	}
	return &SettingError{Setting: setting, problem: problem}
}

// Check refuses a configuration that Connect could not use, and reads the files
// that it names to find out. The error joins a *SettingError for each thing that
// is wrong; none holds a token or another credential.
func (cfg Settings) Check() error {
	_, _, err := cfg.prepare()
	return err
}

func (cfg Settings) prepare() (token string, tlsConfig *tls.Config, err error) {
	token, tokenErr := cfg.token()
	tlsConfig, tlsErr := cfg.tls()
	return token, tlsConfig, errors.Join(
		blame("Address", cfg.checkAddress()), tokenErr, tlsErr,
		blame("Headers", checkHeaders(cfg.Headers)),
		cfg.checkNumbers(),
	)
}

// New checks the configuration and prepares a client; it sends nothing.
// Errors are as of Check.
func New(cfg Settings) (*Client, error) {
	token, tlsConfig, err := cfg.prepare()
	if err != nil {
		return nil, err
	}
	cfg.setDefaults()
	client, err := api.NewClient(&api.Config{
		Address:        cfg.Address,
		HttpClient:     newHTTPClient(tlsConfig, cfg.Concurrency, cfg.UserAgent),
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
		return nil, fmt.Errorf("preparing the connection to Vault at %s: a VAULT_* variable in the environment is malformed; unset it", cfg.Address)
	}
	// What the library took from the environment is replaced, also by nothing.
	client.SetHeaders(headersOf(cfg.Headers))
	client.SetNamespace(strings.Trim(cfg.Namespace, "/"))
	if cfg.Namespace == "" {
		client.ClearNamespace()
	}
	c := &Client{
		api:     client,
		session: &session{login: cfg.Login, tokenFile: cfg.TokenFile},
		slots:   make(chan struct{}, cfg.Concurrency),
	}
	c.use(token)
	return c, nil
}

func (cfg *Settings) setDefaults() {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = DefaultRequestTimeout
	}
	if cfg.MaxRetries == nil {
		cfg.MaxRetries = new(DefaultMaxRetries)
	}
}

// Address is the URL the client was given.
func (c *Client) Address() string { return c.api.Address() }

func (cfg Settings) checkAddress() error {
	if cfg.Address == "" {
		return errors.New("no Vault address: set address (or VAULT_ADDR), such as https://vault.example.com:8200")
	}
	u, err := url.Parse(cfg.Address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("the Vault address is not a URL: expected https://host:port")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the Vault address holds credentials or a query: expected https://host:port")
	}
	return nil
}

func (cfg Settings) checkNumbers() error {
	var errs []error
	if cfg.Concurrency < 0 || cfg.Concurrency > MaxConcurrency {
		errs = append(errs, blame("Concurrency",
			fmt.Errorf("%d concurrent requests: expected 1 to %d", cfg.Concurrency, MaxConcurrency)))
	}
	if n := cfg.MaxRetries; n != nil && (*n < 0 || *n > MaxMaxRetries) {
		errs = append(errs, blame("MaxRetries", fmt.Errorf("%d retries: expected 0 to %d", *n, MaxMaxRetries)))
	}
	if cfg.RequestTimeout < 0 {
		errs = append(errs, blame("RequestTimeout", errors.New("the request timeout must not be negative")))
	}
	return errors.Join(errs...)
}

// token is the one to begin with, empty where a login gets it.
func (cfg Settings) token() (string, error) {
	given := 0
	for _, is := range []bool{cfg.Token != "", cfg.TokenFile != "", cfg.Login != nil} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return "", blame("Token", errors.New("no Vault token: set token (or VAULT_TOKEN), a token file, or a login"))
	case given > 1:
		return "", blame("Token", errors.New("more than one of a Vault token, a token file and a login is set: keep one"))
	case cfg.Login != nil:
		return "", cfg.Login.check()
	case cfg.TokenFile != "":
		token, err := readCredential(cfg.TokenFile)
		return token, blame("TokenFile", err)
	}
	token, err := checkToken(cfg.Token, "the Vault token")
	return token, blame("Token", err)
}
