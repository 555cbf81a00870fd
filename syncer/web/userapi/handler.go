// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
)

// Config is what the API needs.
type Config struct {
	// Clients are the clients of Vault for the tokens of persons. Required.
	Clients *vaultclient.Clients
	// Settings are the location of the workflows, and the audit file. Team is ignored.
	Settings manual.Settings
	// Domain is the domain of the connections; empty for none.
	Domain string
	// Daemon has the references of workflow files; nil for none.
	Daemon *daemon.Client
	// Log is for failures that are not the client's. Required.
	Log *slog.Logger
	// Slot waits for a slot for a body with a value of a person, by the entity, and returns the
	// function that frees it; ok is false if none becomes free. nil for no limit.
	Slot func(ctx context.Context, entity string) (release func(), ok bool)
	// Changed is called after each change; nil for nothing to do.
	Changed func()
	// ClientAddress is the address of the person, which Vault gets. Required.
	ClientAddress func(*http.Request) string
}

// handler serves the API.
type handler struct {
	Config
	maxValueBytes int
	underWay      *underWay
}

// New returns the handler of every path that begins with /api/.
func New(cfg Config) http.Handler {
	h := &handler{Config: cfg, maxValueBytes: cfg.Settings.MaxValueBytes, underWay: newUnderWay()}
	if h.maxValueBytes == 0 {
		h.maxValueBytes = secrets.DefaultMaxValueBytes
	}
	return h
}

// TeamHeader names the team that a request acts for. Without it, a request acts for the
// person.
const TeamHeader = "Relay-Sync-Team"

// call is one request with a token.
type call struct {
	*handler
	w     http.ResponseWriter
	r     *http.Request
	token string
	// names are what varies in the path, unescaped and not checked.
	names map[string]string
	// entity is that of the person, once it is known.
	entity string
	// release frees the slot of the body.
	release func()
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet && r.URL.EscapedPath() == documentPath {
		serveDocument(w)
		return
	}
	operation, body, err := h.serve(w, r)
	if err == nil {
		if operation.method != http.MethodGet && h.Changed != nil {
			h.Changed()
		}
		reply(w, operation.status, body)
		return
	}
	e := failureOf(err)
	if e.kind.status >= http.StatusInternalServerError {
		h.Log.Warn("user API", "method", r.Method, "operation", operation.path, "status", e.kind.status, "err", err.Error())
	}
	fail(w, e)
}

// serve carries a request out.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) (route, any, error) {
	operation, names, err := find(r.Method, r.URL.EscapedPath())
	if err != nil {
		return route{}, nil, err
	}
	token, err := bearer(r.Header)
	if err != nil {
		return operation, nil, err
	}
	end, ok := h.underWay.begin(token)
	if !ok {
		skip(w, r, h.maxValueBytes)
		return operation, nil, tooMany()
	}
	defer end()
	c := &call{handler: h, w: w, r: r, token: token, names: names, release: func() {}}
	body, err := operation.do(c)
	c.release()
	return operation, body, err
}

func tooMany() error {
	return &failure{kind: busy, text: "too many requests are under way at once; wait for the answers of the others", retryAfter: "1"}
}

// maxTokenBytes is longer than the longest tokens of Vault.
const maxTokenBytes = 4 << 10

// bearer is the token of a request. The error is a *failure, and quotes nothing of the
// header. Pure.
func bearer(header http.Header) (string, error) {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	switch {
	case len(header.Values("Authorization")) == 0 && len(header.Values("Cookie")) > 0:
		return "", failed(authentication, "authentication failed: this API reads no cookies; send your Vault token as Authorization: Bearer TOKEN"+hintLogIn)
	case len(header.Values("Authorization")) == 0:
		return "", failed(authentication, "authentication failed: no Vault token was sent"+hintLogIn)
	// Relay's Go client sends "<nil>" without a login.
	case len(header.Values("Authorization")) > 1, !strings.EqualFold(scheme, "Bearer"), len(token) > maxTokenBytes, !isToken(token):
		return "", failed(authentication, "authentication failed: the header must be Authorization: Bearer TOKEN, once, with a Vault token"+hintLogIn)
	}
	return token, nil
}

// isToken reports whether a text can be a token (RFC 6750, b64token). Pure.
func isToken(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/=", r)
	}) < 0
}
