// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/curltest"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"relay-sync": func() { os.Exit(start()) },
		"vault":      func() { os.Exit(vault()) },
		"curl":       func() { os.Exit(ended("curl", curltest.Run(os.Args[1:], os.Stdout))) },
		"relay":      func() { os.Exit(ended("relay", relay(os.Args[1:], os.Stdin, os.Stdout))) },
	})
}

// TestScripts runs testdata/*.txt: relay-sync with real sops and git, against the
// dev Vault with a policy that cannot read values. The map below lists the commands in
// addition to those of testscript; CONTRIBUTING.md explains how to add a script.
func TestScripts(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	tools, err := filepath.Abs("../../../bin")
	if err != nil {
		t.Fatal(err)
	}
	page, err := filepath.Abs("../../../docs/guides/managing-secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"sops", "age-keygen"} {
		if _, err := os.Stat(filepath.Join(tools, tool)); err != nil {
			t.Fatalf("%s not found: run make tools", tool)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUp(env, v, tools) },
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"outside":         func(ts *testscript.TestScript, _ bool, args []string) { outside(ts, v, args) },
			"reader":          func(ts *testscript.TestScript, neg bool, args []string) { reader(ts, v, neg, args) },
			"sealed-vault":    sealedVault,
			"repo":            repo,
			"commit":          commit,
			"exits":           exits,
			"requests":        requests,
			"plan-id":         planID,
			"advised":         advised,
			"http-get":        httpGet,
			"certificate":     certificate,
			"serves":          serves,
			"remote":          remoteDaemon,
			"deliver":         deliver,
			"hog":             hog,
			"raw":             raw,
			"git-host":        gitHost,
			"fake-kubernetes": fakeKubernetes,
			"approle":         func(ts *testscript.TestScript, _ bool, _ []string) { approle(ts, v) },
			"domain":          func(ts *testscript.TestScript, _ bool, _ []string) { domain(ts, v) },
			"login-count":     loginCount,
			"token":           func(ts *testscript.TestScript, _ bool, args []string) { token(ts, v, args) },
			"sighup":          sighup,
			"clock-ahead":     clockAhead,
			"login":           func(ts *testscript.TestScript, _ bool, args []string) { login(ts, v, args) },
			"old-data":        func(ts *testscript.TestScript, _ bool, _ []string) { oldData(ts, v) },
			"connection":      func(ts *testscript.TestScript, _ bool, args []string) { connection(ts, v, args) },
			"guide-policy":    func(ts *testscript.TestScript, _ bool, args []string) { guidePolicy(ts, v, page, args) },
			"guide-file":      func(ts *testscript.TestScript, _ bool, args []string) { guideFile(ts, page, args) },
			"own-vault":       ownVault,
			"oidc-provider":   oidcProvider,
			"log-in":          logIn,
			"visit":           visit,
			"guide":           func(ts *testscript.TestScript, _ bool, args []string) { guide(ts, page, args) },
			"step":            func(ts *testscript.TestScript, _ bool, _ []string) { step(ts, v, page) },
			"canary":          canary,
			"hostile-daemon":  hostileDaemon,
			"hostile-files":   hostileFiles,
			"hostile-vault":   hostileVault,
			"printable":       printable,
			"no-leak":         noLeak,
			"until":           func(ts *testscript.TestScript, _ bool, args []string) { until(ts, v, args) },
		},
	})
}

// setUp gives each script its own workflow as $WF (and $WF-b), a token with the
// writer's policy, and a configuration for one source, `shop`.
func setUp(env *testscript.Env, v *vaulttest.Vault, tools string) error {
	t := env.T().(testing.TB)
	wf := vaulttest.Workflow(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	env.Values["proxy"], env.Values["t"], env.Values["browser"] = proxy, t, newBrowser()
	// After the folder of relay-sync under test, before the system's folders.
	own, system, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
	env.Setenv("PATH", strings.Join([]string{own, tools, system}, string(os.PathListSeparator)))
	env.Setenv("COMMANDS", own)
	env.Setenv("WF", wf)
	env.Setenv("CONTROLLER", strings.ToLower(wf))
	env.Setenv("VAULT", proxy.Address)
	env.Setenv("LISTEN", porttest.Address(t))
	env.Setenv("HOOKS", porttest.Address(t))
	env.Setenv("HOME", env.WorkDir)
	// Under the race detector each command would otherwise wait a second at its end.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	for _, name := range []string{"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"} {
		env.Setenv(name, "ada@example.com")
	}
	if err := os.WriteFile(filepath.Join(env.WorkDir, "token"), []byte(v.Writer(t)), 0o600); err != nil {
		return err
	}
	config := fmt.Sprintf(`controller: %s
vault: {address: %q, token_file: token, settle: 100ms}
sources:
  - name: shop
    repository: shop
    files: ["**/*.yaml", "**/*.json"]
    workflows: [%q, %q]
    age_keys: [age.key]
`, strings.ToLower(wf), proxy.Address, wf, wf+"-b")
	return os.WriteFile(filepath.Join(env.WorkDir, "relay-sync.yaml"), []byte(config), 0o600)
}

// repo [DIR] creates a git repository with branch main, and the key pair age.key.
func repo(ts *testscript.TestScript, _ bool, args []string) {
	dir := "shop"
	if len(args) > 0 {
		dir = args[0]
	}
	ts.Check(ts.Exec("git", "init", "-q", "-b", "main", dir))
	if _, err := os.Stat(ts.MkAbs("age.key")); err == nil {
		return
	}
	ts.Check(ts.Exec("age-keygen", "-o", "age.key"))
	ts.Setenv("SOPS_AGE_RECIPIENTS", publicKey(ts, "age.key"))
}

func publicKey(ts *testscript.TestScript, file string) string {
	ts.Check(ts.Exec("age-keygen", "-y", file))
	return strings.TrimSpace(ts.ReadFile("stdout"))
}

// commit DIR [FILE...] expands the script's variables in the files, encrypts them in
// place with sops, and commits all files of DIR.
func commit(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		path := ts.MkAbs(filepath.Join(args[0], name))
		data, err := os.ReadFile(path)
		ts.Check(err)
		text := os.Expand(string(data), func(name string) string { return ts.Getenv(name) })
		ts.Check(os.WriteFile(path, []byte(text), 0o600))
		ts.Check(ts.Exec("sops", "encrypt", "--in-place", path))
	}
	ts.Check(ts.Exec("git", "-C", args[0], "add", "-A"))
	ts.Check(ts.Exec("git", "-C", args[0], "commit", "-q", "--allow-empty", "-m", "change"))
}

// outside write|forge|delete|purge WORKFLOW NAME [VALUE] makes an outside change with
// another token. forge writes a value, and records that claim it.
func outside(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t := ts.Value("t").(testing.TB)
	switch workflow, name := args[1], args[2]; args[0] {
	case "write":
		v.Write(t, workflow, name, args[3])
	case "forge":
		v.ForgeRecords(t, workflow, name, v.Write(t, workflow, name, args[3]))
	case "delete":
		v.SoftDelete(t, workflow, name)
	case "purge":
		v.Purge(t, workflow, name)
	default:
		ts.Fatalf("outside: unknown verb %s", args[0])
	}
}

// reader WORKFLOW NAME VALUE asserts that a step of the workflow reads the value,
// `! reader WORKFLOW NAME` that it reads none.
func reader(ts *testscript.TestScript, v *vaulttest.Vault, neg bool, args []string) {
	t := ts.Value("t").(testing.TB)
	got, ok := v.ReadAs(t, v.Reader(t, args[0]), args[0], args[1])
	switch {
	case neg && ok:
		ts.Fatalf("%s/%s exists", args[0], args[1])
	case !neg && (!ok || got != args[2]):
		ts.Fatalf("%s/%s reads %q, want %q", args[0], args[1], got, args[2])
	}
}

// exits CODE COMMAND... runs a command and asserts its exit code, and that commands in its
// output can be pasted.
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
	if slices.Contains(args, "json") {
		return
	}
	for _, line := range printedCommand.FindAllStringSubmatch(ts.ReadFile("stdout")+"\n"+ts.ReadFile("stderr"), -1) {
		if problem := pasted(strings.Fields(line[1])); problem != "" {
			ts.Fatalf("the output has the command relay-sync%s: %s", line[1], problem)
		}
	}
}

// printedCommand is a command after a colon, or on a line of its own.
var printedCommand = regexp.MustCompile("(?:: |`|(?m:^) +)relay-sync( [^\n`);|<]*)")

// requests asserts that no request since the last call read a value, and that every
// write used check-and-set; `requests writes N` also that N values were written;
// `requests none` that there was no request to Vault.
func requests(ts *testscript.TestScript, _ bool, args []string) {
	t, proxy := ts.Value("t").(testing.TB), ts.Value("proxy").(*vaulttest.Proxy)
	if len(args) == 1 {
		if n := len(proxy.Requests()); n != 0 {
			ts.Fatalf("%d requests were sent", n)
		}
		return
	}
	proxy.AssertBlind(t)
	proxy.AssertCheckAndSet(t)
	writes := 0
	for _, r := range proxy.Requests() {
		if strings.Contains(r.Path, "/data/") {
			writes++
		}
	}
	if len(args) == 2 && strconv.Itoa(writes) != args[1] {
		ts.Fatalf("%d values were written, want %s", writes, args[1])
	}
	proxy.Reset()
}

// plan-id sets $PLAN to the plan id in the output of the last command.
func planID(ts *testscript.TestScript, _ bool, _ []string) {
	_, rest, found := strings.Cut(ts.ReadFile("stdout"), "--approve ")
	if !found {
		ts.Fatalf("the output has no plan id")
	}
	id, _, _ := strings.Cut(rest, " ")
	ts.Setenv("PLAN", id)
}

// http-get URL prints the answer of an HTTP endpoint to stdout.
func httpGet(ts *testscript.TestScript, _ bool, args []string) {
	text, err := answer(args[0])
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), text)
	ts.Check(err)
}

func answer(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

// sighup sends SIGHUP to the background commands.
func sighup(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGHUP))
	}
}

// until reader WORKFLOW NAME VALUE, until absent WORKFLOW NAME, until synced SOURCE, until
// http-get URL TEXT, until COMMAND... waits until the reader reads the value, reads none, the
// daemon has ended a sync of the last commit, the endpoint's answer contains the text, or the
// command succeeds.
func until(ts *testscript.TestScript, v *vaulttest.Vault, args []string) {
	t := ts.Value("t").(testing.TB)
	reached := func() bool { return ts.Exec(args[0], args[1:]...) == nil }
	if args[0] == "http-get" {
		reached = func() bool { // a daemon may not listen yet
			text, err := answer(args[1])
			return err == nil && strings.Contains(text, args[2])
		}
	}
	if args[0] == "reader" || args[0] == "absent" {
		token := v.Reader(t, args[1])
		reached = func() bool {
			got, ok := v.ReadAs(t, token, args[1], args[2])
			return ok == (args[0] == "reader") && (!ok || got == args[3])
		}
	}
	if args[0] == "synced" {
		reached = func() bool { return synced(ts, args[1]) }
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute) // on a machine that is busy
	for !reached() {
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("timed out: until %v", args)
		}
	}
}

// synced reports whether the daemon has ended a sync of the last commit of a source, whatever
// its outcome: the status alone can be that of the commit before.
func synced(ts *testscript.TestScript, source string) bool {
	ts.Check(ts.Exec("git", "-C", source, "rev-parse", "HEAD"))
	commit := strings.TrimSpace(ts.ReadFile("stdout"))
	_ = ts.Exec("relay-sync", "status", "-o", "json") // the exit code is that of the outcome
	return strings.Contains(ts.ReadFile("stdout"), fmt.Sprintf(`"seen": %q`, commit))
}

// sealed-vault sets $SEALED to the address of a sealed Vault, and $NOWHERE to one where
// nothing listens.
func sealedVault(ts *testscript.TestScript, _ bool, _ []string) {
	own := vaulttest.StartOwn(ts.Value("t").(testing.TB))
	own.Seal(ts.Value("t").(testing.TB))
	ts.Setenv("SEALED", own.Address)
	ts.Setenv("NOWHERE", "http://127.0.0.1:1")
}
