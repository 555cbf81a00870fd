// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/certtest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/daemon"
)

// certificate NAME writes a new certificate for 127.0.0.1 and its key to NAME.crt and
// NAME.key.
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	until := time.Now().Add(24 * time.Hour)
	if len(args) > 1 {
		life, err := time.ParseDuration(args[1])
		ts.Check(err)
		until = time.Now().Add(life)
	}
	certtest.WriteUntil(ts.Value("t").(testing.TB), ts.MkAbs(args[0]+".crt"), ts.MkAbs(args[0]+".key"), until)
}

// serves ADDRESS FILE asserts that a server has the certificate in the file now; with ! that
// it has another one.
func serves(ts *testscript.TestScript, neg bool, args []string) {
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // compared below
	connection, err := dialer.DialContext(ts.Value("t").(testing.TB).Context(), "tcp", args[0])
	ts.Check(err)
	defer connection.Close()
	block, _ := pem.Decode([]byte(ts.ReadFile(args[1])))
	if same := bytes.Equal(block.Bytes, connection.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw); same == neg {
		ts.Fatalf("%s has the certificate in %s: %v", args[0], args[1], same)
	}
}

// remote ADDRESS CA TOKENFILE asks a daemon as the web page on another machine does, wakes
// it, and prints what it knows; with ! it asserts and prints the error.
func remoteDaemon(ts *testscript.TestScript, neg bool, args []string) {
	text, err := askRemote(ts, args)
	if neg != (err != nil) {
		ts.Fatalf("the answer: %s, %v", text, err)
	}
	if neg {
		text = err.Error()
	}
	_, err = fmt.Fprintln(ts.Stdout(), text)
	ts.Check(err)
}

func askRemote(ts *testscript.TestScript, args []string) (string, error) {
	client, err := daemon.New(daemon.Settings{URL: "https://" + args[0], CACert: ts.MkAbs(args[1]), TokenFile: ts.MkAbs(args[2])})
	ts.Check(err)
	ctx := ts.Value("t").(testing.TB).Context()
	status, err := client.Status(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("state: %s\n", status.Sources[0].State())
	all, err := client.Summary(ctx)
	if err != nil {
		return "", err
	}
	for _, w := range all.Workflows {
		text += fmt.Sprintf("%s: %d live, %d missing\n", w.Name, w.Live, w.Missing)
	}
	activity, err := client.Activity(ctx)
	if err != nil {
		return "", err
	}
	for _, line := range activity.Lines {
		text += fmt.Sprintf("%s %s/%s\n", line.Action, line.Workflow, line.Name)
	}
	return text, client.Changed(ctx, status.Sources[0].Source)
}
