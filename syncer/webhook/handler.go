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
	// maxBodyBytes limits the body of a delivery. After a larger one, the next poll
	// finds the commit.
	maxBodyBytes = 1 << 20
	// maxHeaderValueBytes limits each header that the handler reads.
	maxHeaderValueBytes = 1 << 10
	// bodyTimeout limits the time to read a body.
	bodyTimeout = 10 * time.Second
	// perSecond and burst limit the deliveries of all sources together;
	// maxConcurrent limits the bodies in memory. A delivery above these limits is
	// answered with 429 before its body is read.
	perSecond     = 50
	burst         = 200
	maxConcurrent = 32
	// minTriggerInterval is the shortest time between two triggers of one source.
	minTriggerInterval = time.Second
)

// The results that the metric counts.
const (
	accepted     = "accepted"     // authentic; it triggers a sync
	replayed     = "replayed"     // authentic, but accepted before
	unauthorized = "unauthorized" // unknown source, or not authentic
	invalid      = "invalid"      // too large, too slow or incomplete
	rateLimited  = "rate_limited" // above the rate limit
)

// Handler answers POST /webhook/<source>: 204 for an authentic delivery, 401 for any
// other, 413 for a body that is too large, 408 for a body that is not complete in
// time, 429 above the rate limit. It is safe for concurrent use.
type Handler struct {
	mux         *http.ServeMux
	sources     map[string]*receiver
	unknown     *receiver
	seen        *seen
	rate        *rate.Limiter
	slots       chan struct{}
	total       *prometheus.CounterVec
	bodyTimeout time.Duration
}

// receiver authenticates the deliveries of one source and triggers its sync.
type receiver struct {
	provider string
	check    check
	triggers *debounce
}

// New returns a handler for the sources, by name. It calls trigger, which must not
// block, for authentic deliveries. The error lists every secret file that cannot be
// used.
func New(sources map[string]Config, trigger func(source string), registry prometheus.Registerer) (*Handler, error) {
	h := &Handler{
		mux: http.NewServeMux(), sources: map[string]*receiver{}, seen: newSeen(), bodyTimeout: bodyTimeout,
		rate: rate.NewLimiter(perSecond, burst), slots: make(chan struct{}, maxConcurrent),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_webhook_deliveries_total",
			Help: "Webhook deliveries by provider (unknown: no source identified) and result: accepted, replayed, unauthorized, invalid, rate_limited.",
		}, []string{"provider", "result"}),
	}
	var errs []error
	for name, cfg := range sources {
		check, err := newCheck(cfg.Provider, cfg.SecretFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("source %q: %w", name, err))
			continue
		}
		h.sources[name] = &receiver{provider: string(cfg.Provider), check: check, triggers: &debounce{gap: minTriggerInterval, trigger: func() { trigger(name) }}}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// A delivery for an unknown source takes the same work as one for a known source,
	// so that timing does not disclose names.
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

// rateLimited answers before the handler reads anything from the sender.
func (h *Handler) rateLimited(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	h.answer(w, h.unknown, rateLimited, http.StatusTooManyRequests)
}

// answer counts a delivery and sends the status without a body.
func (h *Handler) answer(w http.ResponseWriter, to *receiver, result string, status int) {
	h.total.WithLabelValues(to.provider, result).Inc()
	w.WriteHeader(status)
}

// read returns the body, or the status of the answer if it cannot be read.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	if r.ContentLength > maxBodyBytes {
		return nil, http.StatusRequestEntityTooLarge
	}
	// Fails only for a ResponseWriter without deadlines, such as a test's recorder.
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
