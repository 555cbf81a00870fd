// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The names of the checks of the page, in order.
const (
	webFilesName  = "web files"
	webName       = "web"
	webListenName = "web listen"
	webDaemonName = "web daemon"
	webLoginName  = "web login"
)

// web checks what relay-sync web needs. vaultUp means that Vault answers logins.
func (d Doctor) web(ctx context.Context, l *list, vaultUp bool) {
	w := d.Config.Web
	l.add(webFiles(w)...)
	l.add(webTLS(w, time.Now()))
	address := dialable(w.Listen)
	l.add(ofAddress(webListenName, w.Listen, "relay-sync web", bind(ctx, w.Listen), pageAnswers(ctx, address, w.CertFile != "")))
	l.add(d.webDaemon(ctx))
	if !vaultUp {
		l.skip("Vault", webLoginName)
		return
	}
	for _, login := range w.Logins {
		l.add(d.webLogin(ctx, login, w.RedirectURI(address)))
	}
}

// webFiles checks who can read the files with credentials, and that the audit file can be written.
func webFiles(w *config.Web) []report.Check {
	var out []report.Check
	for _, text := range w.Warnings() {
		c := failed(webFilesName, errors.New(text), "")
		c.State = report.CheckWarning
		out = append(out, c)
	}
	if w.Audit != "" && w.Audit != auditfile.Stdout {
		for _, c := range writable("audit file", w.Audit) {
			c.Name = webFilesName
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = append(out, ok(webFilesName, "others cannot read those with credentials"))
	}
	return out
}

// webTLS checks the certificate of the page, or who terminates TLS for it.
func webTLS(w *config.Web, now time.Time) report.Check {
	const name = webName + " certificate"
	switch {
	case w.CertFile != "":
		return certificate(webName, w.CertFile, w.KeyFile, w.Hostname(), "at the next connection the page reads the files again", now)
	case len(w.BehindProxy) > 0:
		return ok(name, "none: the proxies in behind_proxy terminate TLS")
	}
	return ok(name, "none: the page is only for this machine")
}

// dialable is an address at which this machine reaches a program that listens there.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// pageTimeout limits the wait for the page.
const pageTimeout = 5 * time.Second

// pageAnswers reports whether relay-sync web answers at an address. Its certificate is another
// check, and the request has nothing that is secret.
func pageAnswers(ctx context.Context, address string, secure bool) bool {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+address+"/healthz", nil)
	if err != nil {
		return false
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // nothing secret is sent or used
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(response.Body, int64(len("ok\n"))+1))
	return err == nil && response.StatusCode == http.StatusOK && string(text) == "ok\n"
}

// webDaemon checks the link of the page to the daemon.
func (d Doctor) webDaemon(ctx context.Context) report.Check {
	at := d.Config.Web.Daemon
	if at == (config.WebDaemon{}) {
		return ok(webDaemonName, "none: the page shows what Vault has, and no sources")
	}
	client, err := daemon.New(daemon.Settings{Socket: at.Socket, URL: at.URL, CACert: at.CACert, TokenFile: at.TokenFile})
	if err != nil {
		return failed(webDaemonName, err, "correct web.daemon in the configuration")
	}
	ctx, cancel := context.WithTimeout(ctx, daemonTimeout)
	defer cancel()
	_, err = client.Status(ctx)
	switch {
	case err == nil:
		return ok(webDaemonName, "the daemon answers at "+client.Address())
	case at.Socket == "":
		return failed(webDaemonName, err, "check web.daemon in the configuration")
	case errors.Is(access(at.Socket), os.ErrPermission):
		return bad(webDaemonName, "permission denied at "+conffile.Display(at.Socket), `set socket_mode: "0660" for the daemon, and give its user and that of relay-sync web a common group`)
	}
	return warn(webDaemonName, "no daemon answers at "+conffile.Display(at.Socket)+", so the page shows only what Vault has",
		"start relay-sync run with this socket, or correct web.daemon.socket")
}
