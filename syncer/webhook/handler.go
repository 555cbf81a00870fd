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
	// maxBodyBytes limits the body of a delivery: GitHub's limit, the largest of the git
	// hosts. A body is authenticated as it arrives, and never kept.
	maxBodyBytes = 25 << 20
	// maxHeaderValueBytes limits each header that the handler reads.
	maxHeaderValueBytes = 1 << 10
	// bodyTimeout limits the time to read a body.
	bodyTimeout = 20 * time.Second
	// minTriggerInterval is the shortest time between two triggers of one source.
	minTriggerInterval = time.Second
	// replayInterval is the shortest time between two triggers of one source by
	// deliveries that were accepted before: a person redelivers what was lost, but an
	// attacker can repeat what they recorded, too.
	replayInterval = 30 * time.Second
)

// The results that the metric counts.
const (
	accepted     = "accepted"     // authentic; it triggers a sync
	replayed     = "replayed"     // authentic, but accepted before; it triggers a sync at a low rate
	unsigned     = "test"         // a connection test that is not signed; it triggers nothing
	unauthorized = "unauthorized" // unknown source, or not authentic
	invalid      = "invalid"      // too large, too slow or incomplete
)

// causes are why a delivery is not accepted, for its sender and for the log. They do not
// disclose whether a source exists.
var causes = map[string]string{
	unauthorized: "not authentic. Hint: the URL must end with /webhook/ and the name of a source, and the webhook secret at the git host must be the one in webhook.secret_file",
	invalid:      "the body is too large, incomplete or too slow",
}

// warnInterval limits the warnings about the deliveries to one source: anyone can send them.
const warnInterval = time.Minute

// testAnswer is for the person who tests the connection.
const testAnswer = "relay-sync is reachable. Bitbucket does not sign this test, so it checks neither the secret nor the name of the source, " +
	"and starts no sync. Deliveries of pushes are signed, and are checked.\n"

// Handler answers POST /webhook/<source>: 204 for an authentic delivery, 401 for any
// other, 200 with a text for an unsigned connection test, 413 for a body that is too
// large, 408 for a body that is not complete in time. It is safe for concurrent use.
type Handler struct {
	// Warn receives why deliveries are not accepted, now and then.
	Warn func(text string)

	mux         *http.ServeMux
	sources     map[string]*receiver
	unknown     *receiver
	seen        *seen
	total       *prometheus.CounterVec
	bodyTimeout time.Duration
}

// receiver authenticates the deliveries of one source and triggers its sync.
type receiver struct {
	title    string
	provider string
	check    check
	warn     rate.Sometimes
	triggers *debounce
	replays  *debounce
}

// New returns a handler for the sources, by name. It calls trigger, which must not
// block, for authentic deliveries. The error lists every secret file that cannot be
// used.
func New(sources map[string]Config, trigger func(source string), registry prometheus.Registerer) (*Handler, error) {
	h := &Handler{
		Warn: func(string) {}, mux: http.NewServeMux(), sources: map[string]*receiver{}, seen: newSeen(), bodyTimeout: bodyTimeout,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_sync_webhook_deliveries_total",
			Help: "Webhook deliveries by provider (unknown: no source identified) and result: accepted, replayed, test (unsigned), unauthorized, invalid.",
		}, []string{"provider", "result"}),
	}
	var errs []error
	for name, cfg := range sources {
		check, err := newFileCheck(cfg.Provider, cfg.SecretFile, func(text string) { h.Warn(fmt.Sprintf("source %q: %s", name, text)) })
		if err != nil {
			errs = append(errs, fmt.Errorf("source %q: %w", name, err))
			continue
		}
		triggers := &debounce{gap: minTriggerInterval, trigger: func() { trigger(name) }}
		h.sources[name] = &receiver{
			title: fmt.Sprintf("source %q", name), provider: string(cfg.Provider), check: check, triggers: triggers,
			warn:    rate.Sometimes{Interval: warnInterval},
			replays: &debounce{gap: replayInterval, trigger: triggers.push},
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// A delivery for an unknown source takes the same work as one for a known source,
	// so that timing does not disclose names.
	h.unknown = &receiver{
		title: "an unknown source", provider: "unknown", check: bodySignature(rand.Text(), "sha256=", "X-Hub-Signature-256"),
		warn: rate.Sometimes{Interval: warnInterval},
	}
	h.mux.HandleFunc("POST /webhook/{source}", h.receive)
	if registry != nil {
		registry.MustRegister(h.total)
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	to, known := h.sources[name]
	if !known {
		to = h.unknown
	}
	delivery := to.check(r.Header)
	if status := h.read(w, r, delivery); status != 0 {
		h.answer(w, to, invalid, status)
		return
	}
	id, ok := delivery.verify()
	switch {
	case (!ok || !known) && unsignedTest(r.Header): // the same answer for every source
		h.total.WithLabelValues(to.provider, unsigned).Inc()
		_, _ = io.WriteString(w, testAnswer)
	case !ok || !known:
		h.answer(w, to, unauthorized, http.StatusUnauthorized)
	case !h.seen.first(name, id, time.Now()):
		to.replays.push()
		h.answer(w, to, replayed, http.StatusNoContent)
	default:
		to.triggers.push()
		h.answer(w, to, accepted, http.StatusNoContent)
	}
}

// answer counts a delivery and sends the status, with the cause if it was not accepted.
func (h *Handler) answer(w http.ResponseWriter, to *receiver, result string, status int) {
	h.total.WithLabelValues(to.provider, result).Inc()
	cause, refused := causes[result]
	if !refused {
		w.WriteHeader(status)
		return
	}
	to.warn.Do(func() { h.Warn(fmt.Sprintf("webhook delivery for %s not accepted: %s", to.title, cause)) })
	http.Error(w, "not accepted: "+cause, status)
}

// read writes the body to a verifier. It returns the status of the answer if the body
// cannot be read, and 0 otherwise.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, to io.Writer) int {
	if r.ContentLength > maxBodyBytes {
		return http.StatusRequestEntityTooLarge
	}
	// Fails only for a ResponseWriter without deadlines, such as a test's recorder.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.bodyTimeout))
	_, err := io.Copy(to, http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return http.StatusRequestTimeout
	}
	return 0
}
