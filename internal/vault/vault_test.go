// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

var entry = kv.Entry{Mount: "customers", Path: "workflows/deploy/token"}

// serve answers every request in one way, and counts them.
func serve(t *testing.T, status int, body string) (address string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func connect(t *testing.T, cfg Settings) *Client {
	t.Helper()
	if cfg.Token == "" && cfg.TokenFile == "" {
		cfg.Token = "hvs.test"
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswersBecomeReasons(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		status     int
		body       string
		want       error
		unanswered bool
		temporary  bool
		requests   int32
	}{
		{"check-and-set", 400, `{"errors":["check-and-set parameter did not match the current version"]}`, kv.ErrCASMismatch, false, false, 1},
		{"another 400", 400, `{"errors":["secret hunter2 is odd"]}`, kv.ErrRejected, false, false, 1},
		{"a policy", 403, `{"errors":["1 error occurred:\n\t* permission denied\n\n"]}`, kv.ErrPermissionDenied, false, false, 1},
		{"an unknown token", 403, `{"errors":["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}`, kv.ErrInvalidToken, false, false, 1},
		{"no entry", 404, `{"errors":[]}`, kv.ErrNotFound, false, false, 1},
		{"no mount", 404, `{"errors":["no handler for route \"customers/data/x\". route entry not found."]}`, kv.ErrNoMount, false, false, 1},
		{"not Vault at all", 404, `<html>hunter2</html>`, kv.ErrMalformed, true, false, 1},
		{"too many", 429, `{"errors":["request path \"x\": rate limit quota exceeded"]}`, kv.ErrRateLimited, false, true, 4},
		{"sealed", 503, `{"errors":["Vault is sealed"]}`, kv.ErrSealed, false, true, 1},
		{"standby", 503, `{"errors":["Vault is in standby mode"]}`, kv.ErrUnavailable, true, true, 1},
		{"a broken one", 500, `{"errors":["internal error: hunter2"]}`, kv.ErrUnavailable, true, true, 1},
		{"a gateway", 502, `bad gateway`, kv.ErrUnavailable, true, true, 1},
		{"no version", 200, `{"data":{}}`, kv.ErrMalformed, true, false, 1},
		{"no JSON", 200, `hunter2`, kv.ErrMalformed, true, false, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			address, requests := serve(t, row.status, row.body)
			_, err := connect(t, Settings{Address: address}).WriteData(context.Background(), entry, "hunter2", 3)
			failed, ok := errors.AsType[*kv.Error](err)
			if !ok || !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if failed.OutcomeUnknown() != row.unanswered || failed.Temporary() != row.temporary {
				t.Errorf("unanswered %v, temporary %v", failed.OutcomeUnknown(), failed.Temporary())
			}
			if got := requests.Load(); got != row.requests {
				t.Errorf("a data write was sent %d times, want %d", got, row.requests)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error quotes the answer or the value: %q", err)
			}
			if !strings.Contains(err.Error(), "customers/data/workflows/deploy/token") {
				t.Errorf("the error does not say where: %q", err)
			}
		})
	}
}

func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	address, requests := serve(t, 500, "")
	_, err := connect(t, Settings{Address: address}).ReadMetadata(context.Background(), entry)
	if !errors.Is(err, kv.ErrUnavailable) || requests.Load() != DefaultMaxRetries+1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

func TestRetriesAreTheConfigurations(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 1} {
		address, requests := serve(t, 500, "")
		c := connect(t, Settings{Address: address, MaxRetries: &retries})
		if _, err := c.ReadMetadata(context.Background(), entry); !errors.Is(err, kv.ErrUnavailable) || int(requests.Load()) != retries+1 {
			t.Errorf("with %d retries: %d requests, %v", retries, requests.Load(), err)
		}
		requests.Store(0)
		if _, err := c.WriteData(context.Background(), entry, "x", 0); !errors.Is(err, kv.ErrUnavailable) || requests.Load() != 1 {
			t.Errorf("with %d retries a data write was sent %d times, %v", retries, requests.Load(), err)
		}
	}
}

// TestRetryAfterIsWaitedFor: a limit says when it ends. One that ends later than a
// request should take is reported at once, as what it is and not as a lost answer.
func TestRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, row := range []struct {
			after    string
			atLeast  time.Duration
			requests int32
			fails    bool
		}{{"1", time.Second, 2, false}, {"3600", 0, 1, true}, {"99999999999", 0, 1, true}, {"soon", 0, 2, false}} {
			t.Run(fmt.Sprint(status, " ", row.after), func(t *testing.T) {
				t.Parallel()
				var requests atomic.Int32
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if requests.Add(1) == 1 {
						w.Header().Set("Retry-After", row.after)
						w.WriteHeader(status)
						return
					}
					_, _ = io.WriteString(w, `{"data":{"current_version":1}}`)
				}))
				t.Cleanup(server.Close)
				begun := time.Now()
				_, err := connect(t, Settings{Address: server.URL}).ReadMetadata(context.Background(), entry)
				if (err != nil) != row.fails || requests.Load() != row.requests {
					t.Errorf("%d requests, %v", requests.Load(), err)
				}
				if took := time.Since(begun); took < row.atLeast {
					t.Errorf("repeated after %s", took)
				}
				if failed, ok := errors.AsType[*kv.Error](err); row.fails && (!ok || !failed.Temporary()) {
					t.Errorf("not an error that passes: %v", err)
				}
			})
		}
	}
}

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":{"custom_metadata":{"a":"`)
		for _, err := w.Write(make([]byte, 1<<16)); err == nil; _, err = w.Write(make([]byte, 1<<16)) {
		}
	}))
	t.Cleanup(server.Close)
	if _, err := connect(t, Settings{Address: server.URL}).ReadMetadata(context.Background(), entry); err == nil {
		t.Error("an endless answer was read to its end")
	}
}

func TestNothingIsTakenFromTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"VAULT_TOKEN": "hvs.environment", "VAULT_NAMESPACE": "environment", "VAULT_ADDR": "http://127.0.0.1:1",
		"VAULT_HEADERS": `{"X-Environment":"yes"}`,
	} {
		t.Setenv(name, value)
	}
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	c := connect(t, Settings{Address: server.URL, Token: "hvs.configured", UserAgent: "relay-test/1"})
	_, _ = c.ReadMetadata(context.Background(), entry)
	if strings.Contains(fmt.Sprint(got), "nvironment") {
		t.Errorf("the request carries the environment: %v", got)
	}
	if got.Get("X-Vault-Token") != "hvs.configured" || got.Get("User-Agent") != "relay-test/1" {
		t.Errorf("the request carries %v", got)
	}
	c = connect(t, Settings{Address: server.URL, Namespace: "team/a/"})
	_, _ = c.ReadMetadata(context.Background(), entry)
	if got.Get("X-Vault-Namespace") != "team/a" {
		t.Errorf("the namespace is %q", got.Get("X-Vault-Namespace"))
	}
	c = connect(t, Settings{Address: server.URL, Token: "hvs.configured", Headers: map[string]string{"proxy-key": "letmein"}})
	_, _ = c.ReadMetadata(context.Background(), entry)
	if got.Get("Proxy-Key") != "letmein" || got.Get("X-Vault-Token") != "hvs.configured" || got.Get("X-Vault-Request") != "true" {
		t.Errorf("with a header of the configuration the request carries %v", got)
	}
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	_, err = connect(t, Settings{Address: address}).WriteData(context.Background(), entry, "x", 0)
	failed, ok := errors.AsType[*kv.Error](err)
	if !ok || failed.Cause != kv.ErrUnreachable || failed.OutcomeUnknown() || !strings.Contains(err.Error(), address) {
		t.Errorf("got %v", err)
	}
}

func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := Settings{Address: "https://vault:8200", Token: "hvs.good"}
	if _, err := New(good); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for _, row := range []struct {
		name   string
		change func(*Settings)
		want   string
	}{
		{"no address", func(c *Settings) { c.Address = "" }, "address is required"},
		{"an address without a scheme", func(c *Settings) { c.Address = "vault:8200" }, "address must be a URL"},
		{"an address with a password", func(c *Settings) { c.Address = "https://u:hunter2@vault" }, "address must not contain credentials"},
		{"no token", func(c *Settings) { c.Token = "" }, "token is required"},
		{"two tokens", func(c *Settings) { c.TokenFile = "x" }, "token must be the only credential"},
		{"a login without a role", func(c *Settings) { c.Token, c.Login = "", &AppRole{} }, "login.approle.role_id is required"},
		{"a login and a token", func(c *Settings) { c.Login = &AppRole{RoleID: "x"} }, "token must be the only credential"},
		{"a token of two lines", func(c *Settings) { c.Token = "hvs.hunter2\nx" }, "token must be one line of printable ASCII"},
		{"no such token file", func(c *Settings) { c.Token, c.TokenFile = "", filepath.Join(dir, "none") }, "token_file: read " + filepath.Join(dir, "none") + ": no such file"},
		{"an empty token file", func(c *Settings) { c.Token, c.TokenFile = "", file("empty", " \n") }, "must not be empty"},
		{"a folder for a token file", func(c *Settings) { c.Token, c.TokenFile = "", dir }, "not a regular file"},
		{"a CA file without a certificate", func(c *Settings) { c.CACert = file("ca", "hunter2") }, "no certificate found in PEM format"},
		{"a certificate without a key", func(c *Settings) { c.ClientCert = "x" }, "client_cert must be set together with"},
		{"a key that fits nothing", func(c *Settings) { c.ClientCert, c.ClientKey = file("c", "hunter2"), file("k", "hunter2") }, "not a certificate and its private key"},
		{"a certificate login without a certificate", func(c *Settings) { c.Token, c.Login = "", &Cert{} }, "client_cert is required to log in by certificate"},
		{"a CA twice", func(c *Settings) { c.CACert, c.CACertPEM = "x", "hunter2" }, "ca_cert_pem must not be set together"},
		{"a CA text without a certificate", func(c *Settings) { c.CACertPEM = "hunter2" }, "no certificate found in PEM format"},
		{"two secret ids", func(c *Settings) {
			c.Token, c.Login = "", &AppRole{RoleID: "x", SecretID: "hunter2", SecretIDFile: file("id", "hunter2")}
		}, "login.approle.secret_id must not be set together"},
		{"no such secret id file", func(c *Settings) {
			c.Token, c.Login = "", &AppRole{RoleID: "x", SecretIDFile: filepath.Join(dir, "none")}
		}, "no such file"},
		{"no service account", func(c *Settings) { c.Token, c.Login = "", &Kubernetes{Role: "x"} }, DefaultKubernetesTokenFile},
		{"a JWT twice", func(c *Settings) { c.Token, c.Login = "", &JWT{Token: "hunter2", TokenFile: file("jwt", "x")} }, "login.jwt.token must not be set together"},
		{"a user without a password", func(c *Settings) { c.Token, c.Login = "", &UserPass{Username: "ada"} }, "login.userpass.password is required"},
		{"a user who is a path", func(c *Settings) { c.Token, c.Login = "", &UserPass{Username: "a/b", Password: "hunter2"} }, "login.userpass.username must not contain"},
		{"a mount that leads elsewhere", func(c *Settings) { c.Token, c.Login = "", &AppRole{RoleID: "x", Mount: "../sys"} }, `login.approle.mount: invalid auth mount "../sys"`},
		{"a header of Vault's", func(c *Settings) { c.Headers = map[string]string{"x-vault-TOKEN": "hunter2"} }, "kept for Vault"},
		{"a header of our own", func(c *Settings) { c.Headers = map[string]string{"content-type": "hunter2"} }, "by the client itself"},
		{"a header with a space", func(c *Settings) { c.Headers = map[string]string{"A B": "hunter2"} }, "no name of an HTTP header"},
		{"a header of two lines", func(c *Settings) { c.Headers = map[string]string{"X-A": "hunter2\r\nX-Vault-Token: x"} }, "one line"},
		{"a negative concurrency", func(c *Settings) { c.Concurrency = -1 }, "concurrency must be 1 to 1000"},
		{"too high a concurrency", func(c *Settings) { c.Concurrency = 1001 }, "concurrency must be 1 to 1000"},
		{"negative retries", func(c *Settings) { c.MaxRetries = new(-1) }, "max_retries must be 0 to 100"},
		{"a negative timeout", func(c *Settings) { c.RequestTimeout = -1 }, "request_timeout must not be negative"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			row.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %v, want %q", err, row.want)
			}
			if _, ok := errors.AsType[*problem.Error](err); !ok || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error names no setting or quotes one: %v", err)
			}
		})
	}
	all := Settings{Headers: map[string]string{"X-Vault-Token": "x"}, MaxRetries: new(-1), Login: &AppRole{Mount: ".."}}
	if err := all.Check().Err(); strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("not all that is wrong was said at once: %v", err)
	}
	if _, err := New(Settings{}); strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not all that is wrong was said at once: %v", err)
	}
	spaced := Settings{Address: "https://vault:8200", TokenFile: file("token", "hvs.good\n")}
	if c, err := New(spaced); err != nil || c.api.Token() != "hvs.good" {
		t.Errorf("a token file with a final newline: %v", err)
	}
}
