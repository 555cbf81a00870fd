// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"
)

// webSample starts the web page on a sample, and runs until a signal.
var webSample = program{run: serveSample, closing: "Stopped, and everything was removed."}

func serveSample(ctx context.Context, w *world) error {
	page, err := freeAddress()
	if err != nil {
		return err
	}
	// What the steps print is for the other demo.
	shown := w.screen
	w.screen = newScreen(io.Discard, false)
	defer func() { w.screen = shown }()
	for _, part := range []struct {
		title string
		run   func(ctx context.Context, w *world) error
	}{
		{"a Vault, with a policy for each role", prepareVault},
		{"an OpenID provider", func(ctx context.Context, w *world) error {
			return w.offerOIDC(ctx, "http://"+page+"/login/oidc/callback")
		}},
		{"secrets from git", func(ctx context.Context, w *world) error { return w.applySources(ctx, page) }},
		{"secrets from Terraform", applySampleStack},
		{"an outside change", overwriteSample},
		{"the daemon of relay-sync", startDaemon},
		{"the web page", func(ctx context.Context, w *world) error { return w.startPage(ctx, page) }},
		{"a secret of a person", func(ctx context.Context, w *world) error { return w.addAsPerson(ctx, page) }},
	} {
		fmt.Fprintf(shown.w, "preparing %s ...\n", part.title)
		if err := part.run(ctx, w); err != nil {
			return fmt.Errorf("prepare %s: %w", part.title, err)
		}
	}
	w.screen = shown
	w.welcome("http://" + page + "/")
	<-ctx.Done()
	return nil
}

// freeAddress is an address with a free port. The OpenID provider needs to know it before
// the page listens.
func freeAddress() (string, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// welcome prints where the page is, who can log in, and what there is to see.
func (w *world) welcome(address string) {
	w.paragraph("The web page: " + w.paint(bold, address))
	w.paragraph("Log in as:")
	table := tabwriter.NewWriter(w.w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  user name\tpassword\trole")
	for _, p := range people {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", p.name, password, p.does)
	}
	_ = table.Flush()
	w.paragraph(fmt.Sprintf(`Or choose "Company account" and log in there as %s with
password %s: an operator by single sign-on.`, colleague, password))
	w.paragraph(`
What there is to see:
  - deploy-production: a secret that is missing (github_token), one that a person
    overwrote (slack_webhook), one that expires (session_key, from Terraform), one
    that no step uses (old_api_token), and one of a person (vpn_password)
  - Connections: of AWS and Kubernetes, and the workflows that use them
  - Sources: billing has a plan that is pending approval; cleo can approve it
  - Activity: the audit of the daemon and of the page`)
	w.paragraph(`The user API with curl, as ` + ofAPI + `, with a token of a login in Vault:

TOKEN=` + w.person + `
curl -sS -H "Authorization: Bearer $TOKEN" ` + address + `api/views/workflows
curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  --data-binary '{"name": "github_token", "value": "wagtail-52"}' \
  ` + address + `api/workflows/` + workflow + `/secrets`)
	w.paragraph("It runs until you press Ctrl-C, and keeps nothing. All values are invented.")
}

// startPage starts the web page.
func (w *world) startPage(ctx context.Context, address string) error {
	page, err := w.start(ctx, "the web page", []string{"relay-sync", "web"}, nil, nil)
	if err != nil {
		return err
	}
	return page.ready(ctx, func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
}

// startDaemon starts the daemon, and waits until it has synced each source.
func startDaemon(ctx context.Context, w *world) error {
	daemon, err := w.start(ctx, "the daemon", []string{"relay-sync", "run"}, nil, nil)
	if err != nil {
		return err
	}
	return daemon.ready(ctx, func() bool {
		output, _, err := w.execute(ctx, command{args: []string{"relay-sync", "status"}})
		return err == nil && strings.Contains(output, "drift") && strings.Contains(output, "pending approval")
	})
}
