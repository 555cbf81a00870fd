// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

const (
	// maxBodyBytes bounds a delivery. Larger ones are refused; the poll finds what
	// they wanted to tell.
	maxBodyBytes = 1 << 20
	// maxHeaderValueBytes bounds each header that is looked at.
	maxHeaderValueBytes = 1 << 10
	// bodyTimeout is how long a body may take to come.
	bodyTimeout = 10 * time.Second
	// perSecond and burst bound deliveries of all sources together, atOnce the
	// bodies in memory. Beyond them the answer is 429, before a body is read.
	perSecond     = 50
	burst         = 200
	maxConcurrent = 32
	// minTriggerInterval is how far apart the hints of one source are.
	minTriggerInterval = time.Second
)

// The results that the metric counts.
const (
	accepted     = "accepted" // a hint
	replayed     = "replayed" // authentic, and taken before
	unauthorized = "refused"  // no such source, or not authentic
	invalid      = "invalid"  // too large, too slow or broken off
	rateLimited  = "limited"  // beyond the rate
)

// Handler answers POST /webhook/<source>: 204 to an authentic delivery, 401 to any
// other, 413 to one that is too large, 408 to one that does not come to its end,
// 429 beyond the rate. It is safe for concurrent use.
type Handler struct {
	mux         *http.ServeMux
	sources     map[string]*receiver
	unknown     *receiver
	seen        *seen
	rate        *rate.Limiter
	slots       chan struct{}
	total       *prometheus.CounterVec
	bodyTimeout time.Duration // for a body
}

// receiver authenticates the deliveries of one source, and passes hints on.
type receiver struct {
	provider string
	check    check
	triggers *debounce
}

// New makes a handler for the sources, by name. hint hears of a source's authentic
// deliveries; it must not block. The error lists every secret that cannot be read.
func New(sources map[string]Config, hint func(source string), registry prometheus.Registerer) (*Handler, error) {
	h := &Handler{
		mux: http.NewServeMux(), sources: map[string]*receiver{}, seen: newSeen(), bodyTimeout: bodyTimeout,
		rate: rate.NewLimiter(perSecond, burst), slots: make(chan struct{}, maxConcurrent),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_webhook_deliveries_total",
			Help: "Deliveries by provider (unknown before the source is) and result: accepted, replayed, refused, invalid, limited.",
		}, []string{"provider", "result"}),
	}
	var errs []error
	for name, cfg := range sources {
		check, err := newCheck(cfg.Provider, fmt.Sprintf("the webhook secret of source %q", name), cfg.SecretFile)
		errs = append(errs, err)
		h.sources[name] = &receiver{provider: string(cfg.Provider), check: check, triggers: &debounce{gap: minTriggerInterval, hint: func() { hint(name) }}}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// An unknown source costs the same work as a known one.
	h.unknown = &receiver{provider: "unknown", check: bodySignature(rand.Text(), "sha256=", "X-Hub-Signature-256")}
	h.mux.HandleFunc("POST /webhook/{source}", h.receive)
	if registry != nil {
		registry.MustRegister(h.total)
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	if !h.rate.Allow() {
		h.rateLimited(w)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.rateLimited(w)
		return
	}
	name := r.PathValue("source")
	to, known := h.sources[name]
	if !known {
		to = h.unknown
	}
	body, status := h.read(w, r)
	if status != 0 {
		h.answer(w, to, invalid, status)
		return
	}
	delivery, ok := to.check(r.Header, body)
	switch {
	case !ok || !known:
		h.answer(w, to, unauthorized, http.StatusUnauthorized)
	case !h.seen.first(name, delivery, time.Now()):
		h.answer(w, to, replayed, http.StatusNoContent)
	default:
		to.triggers.push()
		h.answer(w, to, accepted, http.StatusNoContent)
	}
}

// rateLimited is said before anything is known of the sender.
func (h *Handler) rateLimited(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	h.answer(w, h.unknown, rateLimited, http.StatusTooManyRequests)
}

// answer counts a delivery and says no more than the status.
func (h *Handler) answer(w http.ResponseWriter, to *receiver, result string, status int) {
	h.total.WithLabelValues(to.provider, result).Inc()
	w.WriteHeader(status)
}

// read takes the body in; otherwise it says with which status to refuse.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	if r.ContentLength > maxBodyBytes {
		return nil, http.StatusRequestEntityTooLarge
	}
	// A server that cannot set it has bounds of its own, or is a test's recorder.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusRequestTimeout
	}
	return body, 0
}
