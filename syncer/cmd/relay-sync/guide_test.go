// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// keystore is the content of a file that is not text.
const keystore = "\x30\x82\x00\xff\nkeystore\n"

// guide HEADING [PAGE] runs the commands below that heading of the managing-secrets guide,
// or of another one, for $WF. The domain of the guide "From Relay" is $WF, too.
func guide(ts *testscript.TestScript, page string, args []string) {
	shown := relaytest.ReadGuide(ts.Value("t").(testing.TB), pageOf(page, args[1:]), ts.Getenv("WF"))
	ts.Check(os.WriteFile(ts.MkAbs("keystore.p12"), []byte(keystore), 0o600))
	ts.Check(ts.Exec("sh", "-euc", inDomain(ts, shown.Example(args[0], "sh"))))
}

// pageOf is the page named by a command, or by default that page.
func pageOf(page string, name []string) string {
	if len(name) == 0 {
		return page
	}
	return filepath.Join(filepath.Dir(page), name[0]+".md")
}

// inDomain replaces what else an example names: the domain, and the address of the page by $PAGE.
func inDomain(ts *testscript.TestScript, example string) string {
	return strings.NewReplacer("my-account", ts.Getenv("WF"), "https://secrets.example.com", ts.Getenv("PAGE")).Replace(example)
}

// guide-file HEADING PAGE LANGUAGE FILE writes the code block of that language below the heading to a file.
func guideFile(ts *testscript.TestScript, page string, args []string) {
	shown := relaytest.ReadGuide(ts.Value("t").(testing.TB), pageOf(page, args[1:2]), ts.Getenv("WF"))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(inDomain(ts, shown.Example(args[0], args[2]))), 0o600))
}

// guide-policy HEADING PAGE sets VAULT_TOKEN to a token with the policy below that heading.
func guidePolicy(ts *testscript.TestScript, v *vaulttest.Vault, page string, args []string) {
	t := ts.Value("t").(testing.TB)
	shown := relaytest.ReadGuide(t, pageOf(page, args[1:]), ts.Getenv("WF"))
	ts.Setenv("VAULT_TOKEN", v.Token(t, inDomain(ts, shown.Example(args[0], "hcl"))))
}

// old-data writes what Relay's own programs wrote: secrets of $WF, and connections of the
// domain $WF.
func oldData(ts *testscript.TestScript, v *vaulttest.Vault) {
	relaytest.OldData(ts.Value("t").(testing.TB), v, ts.Getenv("WF"), ts.Getenv("WF"))
}

// connection TYPE/NAME FIELD VALUE asserts that a step reads this field, with Relay's code.
func connection(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t, domain := ts.Value("t").(testing.TB), ts.Getenv("WF")
	rules, err := policy.For(policy.Grant{
		Role: policy.Reader, Mount: "customers", Prefix: "workflows", Workflows: []string{domain}, ConnectionsDomain: domain,
	})
	ts.Check(err)
	kind, name, _ := strings.Cut(args[0], "/")
	fields, _ := relaytest.Start(t, v, v.Token(t, rules)).Connection(domain, kind, name)
	if fields[args[1]] != args[2] {
		ts.Fatalf("%s: a step reads %q as %s, want %q", args[0], fields[args[1]], args[1], args[2])
	}
}

// vault is a stand-in for Vault's own program.
func vault() int {
	token := os.Getenv("VAULT_TOKEN")
	if token == "" { // of vault login
		stored, _ := os.ReadFile(filepath.Join(os.Getenv("HOME"), ".vault-token"))
		token = string(stored)
	}
	cli := vaulttest.CLI{Address: os.Getenv("VAULT_ADDR"), Token: token, In: os.Stdin, Out: os.Stdout}
	if err := cli.Run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "vault %q: %v\n", os.Args[1:], err)
		return 2
	}
	return 0
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
