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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
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

func TestResponsesMapToCauses(t *testing.T) {
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
		{"a proxy's timeout", 408, `<html>Request Timeout</html>`, kv.ErrUnavailable, true, true, 1},
		{"a closed connection behind a proxy", 499, `{"errors":[]}`, kv.ErrUnavailable, true, true, 1},
		{"no version", 200, `{"request_id":"1","data":{}}`, kv.ErrNoVersion, false, false, 1},
		{"an object without the id of a request", 200, `{"data":{}}`, kv.ErrMalformed, true, false, 1},
		{"a standby that is behind", 412, `{"errors":["required index state not present"]}`, kv.ErrUnavailable, false, true, 1},
		{"a performance standby", 473, ``, kv.ErrUnavailable, false, true, 1},
		{"no content, as of KV version 1", 204, "", kv.ErrNoVersion, false, false, 1},
		{"an operation that the engine does not have", 405, `{"errors":["1 error occurred:\n\t* unsupported operation\n\n"]}`, kv.ErrUnsupported, false, false, 1},
		{"metadata check-and-set", 400, `{"errors":["metadata check-and-set parameter does not match the current version"]}`, kv.ErrMetadataCAS, false, true, 1},
		{"a proxy denies, in HTML", 403, `<html>invalid token hunter2</html>`, kv.ErrProxyDenied, false, false, 1},
		{"a gateway denies, in JSON", 403, `{"message":"Forbidden hunter2"}`, kv.ErrProxyDenied, false, false, 1},
		{"a proxy denies without a text", 403, "", kv.ErrProxyDenied, false, false, 1},
		{"a proxy wants a login", 401, `<html>hunter2</html>`, kv.ErrProxyDenied, false, false, 1},
		{"a proxy does not let the method through", 405, `<html>hunter2</html>`, kv.ErrProxyDenied, false, false, 1},
		{"no text", 404, "", kv.ErrNotFound, false, false, 1},
		{"another JSON API", 404, `{"message":"hunter2"}`, kv.ErrMalformed, true, false, 1},
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

func TestMaxRetriesIsRespected(t *testing.T) {
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
		requests.Store(0)
		if err := c.DeleteMetadata(context.Background(), entry); !errors.Is(err, kv.ErrUnavailable) || requests.Load() != 1 {
			t.Errorf("with %d retries a removal of metadata was sent %d times, %v", retries, requests.Load(), err)
		}
	}
}

// TestRetryAfterIsRespected: the client waits for a short Retry-After. A long one is an
// error at once, with the status and not as an unknown outcome.
func TestRetryAfterIsRespected(t *testing.T) {
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

func TestResponseIsBounded(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusInternalServerError} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"data":{"custom_metadata":{"a":"`)
			for _, err := w.Write(make([]byte, 1<<16)); err == nil; _, err = w.Write(make([]byte, 1<<16)) {
			}
		}))
		t.Cleanup(server.Close)
		c := connect(t, Settings{Address: server.URL, MaxRetries: new(0)})
		if _, err := c.ReadMetadata(context.Background(), entry); err == nil {
			t.Errorf("an endless response with status %d was read to its end", status)
		}
	}
}

// TestListingWithoutKeysIsNotAnEmptyFolder: such as a wrapped answer. An empty folder would let
// all its secrets look absent.
func TestListingWithoutKeysIsNotAnEmptyFolder(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"data":{}}`, `{"data":null,"wrap_info":{"token":"hvs.x","ttl":300}}`, `{}`, `{"data":{"keys":null}}`} {
		address, _ := serve(t, 200, body)
		if keys, err := connect(t, Settings{Address: address}).List(t.Context(), entry); !errors.Is(err, kv.ErrMalformed) {
			t.Errorf("%s: %v, %v", body, keys, err)
		}
	}
}

// TestMetadataWithoutDataIsNotAnEmptyEntry: of an empty entry, a removal would report that nothing of it is left.
func TestMetadataWithoutDataIsNotAnEmptyEntry(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"data":null}`, `{"data":null,"wrap_info":{"token":"hvs.x","ttl":300}}`} {
		address, _ := serve(t, 200, body)
		if m, err := connect(t, Settings{Address: address}).ReadMetadata(t.Context(), entry); !errors.Is(err, kv.ErrMalformed) {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
	}
}

func TestEnvironmentIsIgnored(t *testing.T) {
	for name, value := range map[string]string{
		"VAULT_TOKEN": "hvs.environment", "VAULT_NAMESPACE": "environment", "VAULT_ADDR": "http://127.0.0.1:1",
		"VAULT_HEADERS": `{"X-Environment":"yes"}`, "VAULT_WRAP_TTL": "5m",
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
	if strings.Contains(fmt.Sprint(got), "nvironment") || got.Get("X-Vault-Wrap-TTL") != "" {
		t.Errorf("the request carries the environment: %v", got)
	}
	if got.Get("X-Vault-Token") != "hvs.configured" || got.Get("User-Agent") != "relay-test/1" {
		t.Errorf("the request carries %v", got)
	}
	c = connect(t, Settings{Address: server.URL, Namespace: "team/a/"})
	_, _ = c.ReadMetadata(context.Background(), kv.Entry{Namespace: "team/a", Mount: "customers", Path: "workflows/deploy/token"})
	if got.Get("X-Vault-Namespace") != "team/a" {
		t.Errorf("the namespace is %q", got.Get("X-Vault-Namespace"))
	}
	for _, namespace := range []string{"team/b", ""} { // that of the entry, and not that of the login
		_, _ = c.ReadMetadata(context.Background(), kv.Entry{Namespace: namespace, Mount: "customers", Path: "x"})
		if sent := got.Get("X-Vault-Namespace"); sent != namespace || got.Get("X-Vault-Token") == "" {
			t.Errorf("a request for an entry in namespace %q is for %q", namespace, sent)
		}
	}
	c = connect(t, Settings{Address: server.URL, Token: "hvs.configured", Headers: map[string]string{"proxy-key": "letmein"}})
	_, _ = c.ReadMetadata(context.Background(), entry)
	if got.Get("Proxy-Key") != "letmein" || got.Get("X-Vault-Token") != "hvs.configured" || got.Get("X-Vault-Request") != "true" {
		t.Errorf("with a header of the configuration the request carries %v", got)
	}
}

func TestConnectionRefusedIsUnreachable(t *testing.T) {
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

// Namespaces are of Vault Enterprise; the answer is as its web page reads it.
func TestACLOfANamespaceHasItsPaths(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, 200, `{"data":{"chroot_namespace":"tenant/","root":false,
		"exact_paths":{"tenant/team/a":{"capabilities":["read"]},"a":{"capabilities":["list"]},"team/b":{"capabilities":["list"]}},
		"glob_paths":{"tenant/team/":{"capabilities":["deny"]}}}}`)
	acl, err := connect(t, Settings{Address: address, Namespace: "/team/"}).ResultantACL(t.Context())
	if got := fmt.Sprint(acl, err); got != "{false map[a:[read]] map[:[deny]]} <nil>" {
		t.Error(got)
	}
}
