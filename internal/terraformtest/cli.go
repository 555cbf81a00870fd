// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"flag"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// cookie is what every CLI sets when it starts a plugin (go-plugin's handshake
// of Terraform).
const cookie = "TF_PLUGIN_MAGIC_COOKIE"

// Main is for TestMain: it runs the tests, or, in the processes that a CLI
// starts, serves the provider.
func Main(m *testing.M, serve func()) {
	if os.Getenv(cookie) != "" {
		serve()
		return
	}
	code := m.Run()
	removeBuilt()
	os.Exit(code)
}

// CLI is one command line that runs Terraform configurations.
type CLI struct {
	// Name is "tofu" or "terraform".
	Name string
	path string
	// slim serves the provider as users have it, in place of the test binary.
	slim bool
}

// Raced serves a provider that has the race detector if the test itself runs under it.
// A run of the CLI then takes three times the processor time, so only tests of what the
// provider does at the same time ask for it, and only OpenTofu has it.
func (c CLI) Raced() CLI {
	c.slim = c.slim && c.Name != openTofu
	return c
}

const openTofu = "tofu"

// OpenTofu is the CLI of tests for which one is enough.
func OpenTofu(t *testing.T) CLI {
	t.Helper()
	return CLI{Name: openTofu, path: tools.Path(t, openTofu), slim: underRace}
}

// allCLIs makes One run each test under every CLI, as Each does.
var allCLIs = flag.Bool("clis.all", false, "run each test under every CLI")

// Each runs a test once under every CLI there is: OpenTofu always, Terraform
// if it is in PATH.
func Each(t *testing.T, test func(t *testing.T, cli CLI)) {
	t.Helper()
	under(t, clis(t), test)
}

// One runs a test under one CLI, chosen by the name of the test: with Terraform in PATH,
// each CLI has half of these tests. It is for what the provider does in Vault, with the
// same requests from both.
func One(t *testing.T, test func(t *testing.T, cli CLI)) {
	t.Helper()
	all := clis(t)
	if !*allCLIs {
		name := fnv.New32a()
		_, _ = name.Write([]byte(t.Name())) // cannot fail
		all = all[int(name.Sum32())%len(all):][:1]
	}
	under(t, all, test)
}

func clis(t *testing.T) []CLI {
	t.Helper()
	out := []CLI{OpenTofu(t)}
	if path, err := exec.LookPath("terraform"); err == nil {
		out = append(out, CLI{Name: "terraform", path: path, slim: underRace})
	}
	return out
}

func under(t *testing.T, clis []CLI, test func(t *testing.T, cli CLI)) {
	t.Helper()
	for _, cli := range clis {
		t.Run(cli.Name, func(t *testing.T) {
			t.Parallel()
			test(t, cli)
		})
	}
}

// Workspace returns an empty directory to run the CLI in. The provider is found
// there without "init".
func (c CLI) Workspace(t *testing.T) *Workspace {
	t.Helper()
	home := t.TempDir()
	overrides := map[string]string{"relay-secrets/relay": offer(t, "relay", c.slim)}
	rc := writeSettings(t, home, overrides)
	races := filepath.Join(home, "race")
	t.Cleanup(func() { assertNoRaces(t, races) })
	return &Workspace{
		Dir:     t.TempDir(),
		Home:    home,
		program: c.path,
		offered: overrides,
		env: map[string]string{
			"HOME":               home,
			"PATH":               "/usr/bin:/bin",
			"TF_CLI_CONFIG_FILE": rc,
			"TF_IN_AUTOMATION":   "1",
			"TF_INPUT":           "0",
			"CHECKPOINT_DISABLE": "1",
			// A run is over before its memory matters: fewer collections save a tenth of it.
			"GOGC": "400",
			// Under the race detector each provider would otherwise take a second to
			// end, and what it finds would be lost with the provider's output.
			"GORACE":      "atexit_sleep_ms=0 log_path=" + races,
			"TF_CLI_ARGS": "-no-color",
		},
	}
}

// assertNoRaces fails the test if the race detector wrote a report.
func assertNoRaces(t *testing.T, prefix string) {
	t.Helper()
	reports, err := filepath.Glob(prefix + ".*")
	if err != nil {
		t.Errorf("looking for the race detector's reports: %v", err)
	}
	for _, report := range reports {
		text, err := os.ReadFile(report)
		t.Errorf("the provider has a data race (%v):\n%s", err, text)
	}
}
