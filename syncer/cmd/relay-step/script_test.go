// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"relay-step":  func() { os.Exit(start()) },
		"show":        show,
		"wait":        wait,
		"metadata":    metadata,
		"log-message": logMessage,
	})
}

// show is a command that shows what it was given: the value of a variable, or the names of all.
func show() {
	if len(os.Args) > 1 {
		value, is := os.LookupEnv(os.Args[1])
		if !is {
			os.Exit(3)
		}
		_, _ = os.Stdout.WriteString(value)
		return
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		fmt.Fprintln(os.Stdout, name)
	}
}

const waitExit = 7

// wait is a command that prints "ready" and the signal that it gets, and exits.
func wait() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGHUP)
	fmt.Fprintln(os.Stdout, "ready")
	fmt.Fprintln(os.Stdout, <-signals)
	os.Exit(waitExit)
}

// TestScripts runs testdata/*.txt: relay-step against the dev Vault with a reader's policy.
// The map below lists the commands in addition to those of testscript; CONTRIBUTING.md
// explains them.
func TestScripts(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUp(env, v) },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"secret":       func(ts *testscript.TestScript, _ bool, args []string) { secret(ts, v, args) },
			"delete":       func(ts *testscript.TestScript, _ bool, args []string) { remove(ts, v, args) },
			"sealed-vault": sealedVault,
			"exits":        exits,
			"requests":     requests,
			"canary":       canary,
			"no-leak":      noLeak,
		},
	})
}

// setUp gives each script its own workflow as $WF, and a token that can read it.
func setUp(env *testscript.Env, v *vaulttest.Vault) error {
	t := env.T().(testing.TB)
	proxy := vaulttest.NewProxy(t, v.Address)
	env.Values["proxy"], env.Values["t"] = proxy, t
	workflow := vaulttest.Workflow(t)
	env.Setenv("WF", workflow)
	env.Setenv("VAULT_ADDR", proxy.Address)
	env.Setenv("VAULT_TOKEN", v.Reader(t, workflow))
	env.Setenv("ROOT", v.RootToken)
	return nil
}

// secret writes a value as another program does: `secret NAME VALUE`, with Go's escapes.
func secret(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	value, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	relaytest.WriteOld(ts.Value("t").(testing.TB), v, "workflows/"+ts.Getenv("WF")+"/"+args[0], value)
}

func remove(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	v.Call(ts.Value("t").(testing.TB), v.RootToken, http.MethodDelete, "customers/data/workflows/"+ts.Getenv("WF")+"/"+args[0], nil)
}

func sealedVault(ts *testscript.TestScript, _ bool, _ []string) {
	t := ts.Value("t").(testing.TB)
	own := vaulttest.StartOwn(t)
	own.Seal(t)
	ts.Setenv("SEALED", own.Address)
}

// exits runs a command and asserts its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		if _, scanErr := fmt.Sscanf(err.Error(), "exit status %d", &got); scanErr != nil {
			ts.Fatalf("%v: %v", args[1:], err)
		}
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}

// requests asserts that every request since the last call only read; `requests none` that no
// request was sent.
func requests(ts *testscript.TestScript, _ bool, args []string) {
	proxy := ts.Value("proxy").(*vaulttest.Proxy)
	sent := proxy.Requests()
	proxy.Reset()
	if (len(sent) == 0) != slices.Contains(args, "none") {
		ts.Fatalf("%d requests were sent", len(sent))
	}
	for _, r := range sent {
		if !readsOnly(r) {
			ts.Fatalf("relay-step sent %s %s", r.Method, r.Path)
		}
	}
}

// readsOnly reports whether a request is a read, a login or the end of one.
func readsOnly(r vaulttest.Request) bool {
	return r.Method == http.MethodGet || strings.HasPrefix(r.Path, "/v1/auth/") && strings.HasSuffix(r.Path, "/login") || r.Path == "/v1/auth/token/revoke-self"
}

func canary(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], vaulttest.Canary(ts.Value("t").(testing.TB)))
}

// noLeak asserts that the last output does not contain the canary.
func noLeak(ts *testscript.TestScript, _ bool, args []string) {
	outputs := map[string][]byte{}
	for _, name := range []string{"stdout", "stderr"} {
		outputs[name] = []byte(ts.ReadFile(name))
	}
	vaulttest.AssertNoCanary(ts.Value("t").(testing.TB), ts.Getenv(args[0]), outputs)
}
