// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// Defaults of a connection.
const (
	DefaultConcurrency    = 16
	DefaultRequestTimeout = 30 * time.Second

	// readRetries is how often a request that may be sent twice is repeated.
	readRetries = 3

	maxTokenFileBytes = 64 << 10
)

// Config says how to reach Vault. Nothing is taken from the environment.
type Config struct {
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
	// ClientCert and ClientKey are PEM files for mutual TLS; both or none.
	ClientCert string
	ClientKey  string
	// Concurrency is how many requests may be under way at once, and so how many
	// connections are kept. 0 means DefaultConcurrency.
	Concurrency int
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
}

// SettingError is one field of a Config that is wrong, so that a caller can
// point at where it came from.
type SettingError struct {
	// Setting is the field's name, such as "Address". A pair of files that do not
	// fit is blamed on ClientCert.
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
// is wrong; none holds a token.
func (cfg Config) Check() error {
	_, _, err := cfg.prepare()
	return err
}

func (cfg Config) prepare() (token string, tlsConfig *tls.Config, err error) {
	token, tokenErr := cfg.token()
	tlsConfig, tlsErr := cfg.tls()
	return token, tlsConfig, errors.Join(
		blame("Address", cfg.checkAddress()), tokenErr, tlsErr,
		blame("Concurrency", cfg.checkNumbers()),
	)
}

// Connect checks the configuration and prepares a client; it sends nothing.
// Errors are as of Check.
func Connect(cfg Config) (*Client, error) {
	token, tlsConfig, err := cfg.prepare()
	if err != nil {
		return nil, err
	}
	concurrency := cfg.Concurrency
	if concurrency == 0 {
		concurrency = DefaultConcurrency
	}
	timeout := cfg.RequestTimeout
	if timeout == 0 {
		timeout = DefaultRequestTimeout
	}
	client, err := api.NewClient(&api.Config{
		Address:        cfg.Address,
		HttpClient:     newHTTPClient(tlsConfig, concurrency, cfg.UserAgent),
		Timeout:        timeout,
		MinRetryWait:   100 * time.Millisecond,
		MaxRetryWait:   300 * time.Millisecond,
		MaxRetries:     readRetries,
		CheckRetry:     retryPolicy,
		ReadYourWrites: true,
	})
	if err != nil {
		// The library reads VAULT_* itself; its error may quote one of them.
		return nil, fmt.Errorf("preparing the connection to Vault at %s: a VAULT_* variable in the environment is malformed; unset it", cfg.Address)
	}
	// What the library took from the environment is replaced, also by nothing.
	client.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	client.SetNamespace(strings.Trim(cfg.Namespace, "/"))
	if cfg.Namespace == "" {
		client.ClearNamespace()
	}
	c := &Client{api: client, session: &session{login: cfg.Login, tokenFile: cfg.TokenFile}}
	c.use(token)
	return c, nil
}

// Address is the URL the client was given.
func (c *Client) Address() string { return c.api.Address() }

func (cfg Config) checkAddress() error {
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

func (cfg Config) checkNumbers() error {
	if cfg.Concurrency < 0 || cfg.RequestTimeout < 0 {
		return errors.New("the Vault concurrency and request timeout must not be negative")
	}
	return nil
}

func (cfg Config) token() (string, error) {
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
		return "", blame("Login", cfg.Login.check())
	case cfg.TokenFile != "":
		token, err := readCredential(cfg.TokenFile)
		return token, blame("TokenFile", err)
	}
	token, err := checkToken(cfg.Token, "the Vault token")
	return token, blame("Token", err)
}

// checkToken keeps out what could not be an HTTP header; the library's own
// complaint would come at the first request.
func checkToken(token, what string) (string, error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return "", fmt.Errorf("%s is empty", what)
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", fmt.Errorf("%s holds a character that no token has: expected one line of printable ASCII", what)
		}
	}
	return token, nil
}

func (cfg Config) tls() (*tls.Config, error) {
	authorities, caErr := cfg.authorities()
	certificates, clientErr := cfg.certificates()
	out := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities, Certificates: certificates}
	return out, errors.Join(blame("CACert", caErr), blame("ClientCert", clientErr))
}

// authorities are those to trust; nil for the system's.
func (cfg Config) authorities() (*x509.CertPool, error) {
	if cfg.CACert == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(cfg.CACert)
	if err != nil {
		return nil, fmt.Errorf("reading Vault's CA certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading Vault's CA certificate %s: no PEM certificate in it", cfg.CACert)
	}
	return pool, nil
}

// certificates are ours for mutual TLS; none for none.
func (cfg Config) certificates() ([]tls.Certificate, error) {
	if (cfg.ClientCert == "") != (cfg.ClientKey == "") {
		return nil, errors.New("a client certificate needs both its certificate and its key file")
	}
	if cfg.ClientCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.ClientCert, cfg.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("loading the client certificate %s with key %s: they are not a pair of PEM files", cfg.ClientCert, cfg.ClientKey)
	}
	return []tls.Certificate{pair}, nil
}
