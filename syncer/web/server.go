// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/session"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/throttle"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/userapi"
)

// Limits of the page.
const (
	maxSessions          = 5000
	maxSessionsPerPerson = 20
)

// Limits are those of the page's endpoint. Uploads and large lists take longer than what the
// daemon serves, and many people can be behind one address.
var Limits = endpoint.Limits{
	Connections: 512, ConnectionsPerClient: 128,
	Header: 10 * time.Second, Request: time.Minute, Answer: time.Minute, Idle: time.Minute,
}

// Server serves the pages. It is safe for concurrent use.
type Server struct {
	web      config.Web
	vault    config.Vault
	clients  *vaultclient.Clients
	settings manual.Settings
	// daemon is nil if the page shows only what Vault has.
	daemon   *daemon.Client
	sessions *session.Store
	throttle *throttle.Throttle
	sight    *sight
	approved *approvals
	proxies  []netip.Prefix
	pages    *pages
	forms    *slots
	log      *slog.Logger
}

// New prepares the pages of a configuration that config.ReadWeb has read. It sends nothing.
// audit may be nil. The error lists all problems of the files that it reads.
func New(cfg *config.Config, audit *syncer.Audit, log *slog.Logger, userAgent string) (*Server, error) {
	settings := cfg.Vault.Settings(userAgent)
	settings.TokenFile, settings.Login = "", nil
	clients, err := vaultclient.NewClients(settings)
	if err != nil {
		return nil, err
	}
	s := &Server{
		web: *cfg.Web, vault: cfg.Vault, clients: clients, log: log,
		settings: manual.Settings{
			Vault: settings, Mount: cfg.Vault.Mount, Prefix: cfg.Vault.Prefix, Settle: cfg.Vault.Settle,
			MaxValueBytes: cfg.Vault.MaxValueBytes, Audit: audit,
			Warn: func(text string) { log.Warn(text) },
		},
		sessions: session.New(session.Limits{Idle: cfg.Web.Idle, Lifetime: cfg.Web.Lifetime, Sessions: maxSessions, SessionsPerPerson: maxSessionsPerPerson}),
		throttle: throttle.New(), sight: &sight{sessions: map[string]*sightOf{}}, approved: &approvals{at: map[[2]string]time.Time{}}, proxies: cfg.Web.Proxies(),
		forms: newSlots(),
	}
	if s.pages, err = loadPages(); err != nil {
		return nil, err
	}
	if at := cfg.Web.Daemon; at != (config.WebDaemon{}) {
		s.daemon, err = daemon.New(daemon.Settings{Socket: at.Socket, URL: at.URL, CACert: at.CACert, TokenFile: at.TokenFile})
	}
	return s, err
}

// personal are the pages for a person who is logged in.
var personal = map[string]func(*visit) error{
	"GET /{$}":         (*visit).home,
	"POST /logout":     (*visit).logOut,
	"GET /me":          (*visit).me,
	"GET /workflows":   (*visit).workflows,
	"GET /open":        (*visit).open,
	"GET /activity":    (*visit).activity,
	"GET /sources":     (*visit).sources,
	"GET /connections": (*visit).connections,

	"GET /workflows/{workflow}":                          (*visit).workflow,
	"GET /workflows/{workflow}/add":                      (*visit).addPage,
	"POST /workflows/{workflow}/add":                     (*visit).add,
	"GET /workflows/{workflow}/secrets/{name}":           (*visit).secret,
	"GET /workflows/{workflow}/secrets/{name}/replace":   (*visit).replacePage,
	"POST /workflows/{workflow}/secrets/{name}/replace":  (*visit).replace,
	"GET /workflows/{workflow}/secrets/{name}/delete":    (*visit).deletePage,
	"POST /workflows/{workflow}/secrets/{name}/delete":   (*visit).delete,
	"GET /workflows/{workflow}/secrets/{name}/undelete":  (*visit).undeletePage,
	"POST /workflows/{workflow}/secrets/{name}/undelete": (*visit).undelete,

	"GET /connections/add":                    (*visit).addConnectionPage,
	"POST /connections/add":                   (*visit).addConnection,
	"GET /connections/{type}/{name}":          (*visit).connection,
	"GET /connections/{type}/{name}/replace":  (*visit).replaceConnectionPage,
	"POST /connections/{type}/{name}/replace": (*visit).replaceConnection,
	"GET /connections/{type}/{name}/delete":   (*visit).deleteConnectionPage,
	"POST /connections/{type}/{name}/delete":  (*visit).deleteConnection,

	"GET /sources/{source}":          (*visit).source,
	"GET /sources/{source}/approve":  (*visit).approvePage,
	"POST /sources/{source}/approve": (*visit).approve,
}

// Check logs what keeps the page from working now: an unavailable Vault, or a daemon that
// does not answer. Both can come later.
func (s *Server) Check(ctx context.Context) {
	health, err := s.clients.Health(ctx)
	switch {
	case err != nil:
		s.log.Warn("Vault does not answer; no login works until it does", "err", err)
	case health.Sealed:
		s.log.Warn("Vault is sealed; no login works until it is unsealed")
	}
	if s.daemon != nil {
		if _, err := s.daemon.Status(ctx); err != nil {
			s.log.Warn("the daemon does not answer; pages show only what Vault has until it does", "err", err)
		}
	}
}

// Handler serves the pages, and the user API below /api/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /static/{version}/{name}", s.pages.asset)
	mux.HandleFunc("GET /login", s.anonymous((*visit).loginPage))
	mux.HandleFunc("POST /login", s.anonymous((*visit).logIn))
	mux.HandleFunc("GET /login/oidc", s.anonymous((*visit).oidcStart))
	mux.HandleFunc("GET "+config.OIDCCallback, s.anonymous((*visit).oidcCallback))
	for pattern, page := range personal {
		mux.HandleFunc(pattern, s.session(page))
	}
	mux.HandleFunc("/", s.session((*visit).notFound))
	return s.guard(s.withAPI(mux))
}

// withAPI adds the user API to the pages. It comes before the mux, which would redirect paths
// that the API refuses.
func (s *Server) withAPI(pages http.Handler) http.Handler {
	api := userapi.New(userapi.Config{
		Clients: s.clients, Settings: s.settings, Domain: s.vault.Domain, Daemon: s.daemon, Log: s.log, ClientAddress: s.clientAddress,
		Changed: s.wakeDaemon, Slot: s.forms.take,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.EscapedPath(), "/api/") {
			pages.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// wakeDaemon lets the daemon look at Vault soon after a change, so that counts and drift are
// right. It does not matter if that fails.
func (s *Server) wakeDaemon() {
	if s.daemon != nil {
		go func() { _ = s.daemon.Changed(context.Background()) }() // it has a time limit
	}
}

// maxValueBytes is the largest value that a form may have.
func (s *Server) maxValueBytes() int {
	return cmp.Or(s.vault.MaxValueBytes, secrets.DefaultMaxValueBytes)
}

// root is the namespace, mount and prefix of all workflows.
func (s *Server) root() secrets.Scope { return s.vault.Root() }
