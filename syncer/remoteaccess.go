// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"log/slog"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
)

// RemoteHandler serves the web page on another machine, which has the token: /status,
// /inventory, /activity and POST /changed, as CommandHandler does. Serve it with TLS only.
// It is nil without remote_access.
func (c *Controller) RemoteHandler(log *slog.Logger) (http.Handler, error) {
	if c.cfg.RemoteAccess == nil {
		return nil, nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", c.answerStatus)
	c.handlePage(mux)
	return endpoint.OnlyToken(c.cfg.RemoteAccess.TokenFile, mux, log)
}

// handlePage adds what the web page needs beside the status.
func (c *Controller) handlePage(mux *http.ServeMux) {
	mux.HandleFunc("GET /inventory", c.answerInventory)
	mux.HandleFunc("GET /activity", c.answerActivity)
	mux.HandleFunc("POST /changed", func(w http.ResponseWriter, r *http.Request) {
		if err := c.Commanded(r.URL.Query()["source"]); err != nil {
			refuse(w, err, http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
