// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxCommands limits the commands that wait for a sync.
const maxCommands = 32

// CommandHandler serves the commands of a person on this machine, for a Unix socket: what
// Handler serves; /inventory and /activity (JSON, a report.Inventory and a report.Activity);
// POST /sync, which syncs the sources named by source, or all, and
// answers with the reports; and POST /changed, after a command that changed Vault (see
// Commanded), which answers at once. It writes only what the daemon would write anyway.
func (c *Controller) CommandHandler() http.Handler {
	waiting := make(chan struct{}, maxCommands)
	mux := http.NewServeMux()
	mux.Handle("GET /", c.Handler())
	c.handlePage(mux)
	mux.HandleFunc("POST /sync", func(w http.ResponseWriter, r *http.Request) {
		select {
		case waiting <- struct{}{}:
			defer func() { <-waiting }()
			c.answerSync(w, r)
		default:
			http.Error(w, "too many commands wait for a sync; try again later", http.StatusTooManyRequests)
		}
	})
	return mux
}

// refuse answers with an error. It can have names from the request or from a repository, and
// a person may read it without relay-sync.
func refuse(w http.ResponseWriter, err error, status int) {
	http.Error(w, foreign.Lines(err.Error()), status)
}

func (c *Controller) answerSync(w http.ResponseWriter, r *http.Request) {
	// A sync takes as long as it takes. Fails only for a ResponseWriter without deadlines.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
	query := r.URL.Query()
	reports, err := c.SyncNow(r.Context(), query["source"])
	switch {
	case errors.Is(err, errStandby):
		refuse(w, err, http.StatusServiceUnavailable)
		return
	case err != nil:
		refuse(w, err, http.StatusNotFound)
		return
	}
	var body bytes.Buffer
	if query.Get("output") == "json" {
		err = render.WriteJSON(&body, reports)
	} else {
		err = render.NewText(&body, query.Has("color")).WithFlag(c.cfg.Flag).Write(reports)
	}
	if err != nil {
		refuse(w, err, http.StatusInternalServerError)
		return
	}
	w.Header().Set(report.OutcomeHeader, strconv.Itoa(int(report.Worst(reports))))
	_, _ = body.WriteTo(w) // an error means that the client is gone
}
