// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// keystore is the content of a file that is not text.
const keystore = "\x30\x82\x00\xff\nkeystore\n"

// guide HEADING runs the commands below that heading of the managing-secrets guide, for
// $WF.
func guide(ts *testscript.TestScript, page string, args []string) {
	shown := relaytest.ReadGuide(ts.Value("t").(testing.TB), page, ts.Getenv("WF"))
	ts.Check(os.WriteFile(ts.MkAbs("keystore.p12"), []byte(keystore), 0o600))
	ts.Check(ts.Exec("sh", "-euc", shown.Example(args[0], "sh")))
}

// step runs the step of the guide with the values that Relay's code reads, and copies its
// files to step/.
func step(ts *testscript.TestScript, v *vaulttest.Vault, page string) {
	t, workflow := ts.Value("t").(testing.TB), ts.Getenv("WF")
	shown := relaytest.ReadGuide(t, page, workflow)
	relay := relaytest.Start(t, v, v.Reader(t, workflow))
	script := shown.Example("In the step", "sh") + `printf %s "$PASSWORD" > password.txt`
	dir := relay.Step(t, workflow, shown.Example("Values", "yaml"), script)
	ts.Check(os.CopyFS(ts.MkAbs("step"), os.DirFS(dir)))
}
