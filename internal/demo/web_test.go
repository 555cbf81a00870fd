// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	programs "github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// screenshot is the file to which TestWebSample writes an image of the page of a workflow:
// make screenshot.
var screenshot = flag.String("screenshot", "", "write an image of the sample's page to this `file`")

// maxScreenshot is for readers of README.md with a slow connection.
const maxScreenshot = 200_000

func TestWebSampleRunsUntilASignal(t *testing.T) {
	t.Parallel()
	p := startWith(t, []string{"web"}, bin(t), programs.Path(t, "tofu"))
	output := p.until(t, "until you press Ctrl-C")
	address := regexp.MustCompile(`The web page: (\S+)`).FindStringSubmatch(output)
	if address == nil {
		t.Fatalf("the demo prints no address:\n%s", output)
	}
	for _, person := range people {
		if !regexp.MustCompile(`(?m)^  ` + person.name + ` +` + password + ` +` + person.does + `$`).MatchString(output) {
			t.Errorf("the demo prints no login for %s:\n%s", person.name, output)
		}
	}
	seeSample(t, address[1])
	useAPI(t, output)

	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, code := p.end(t)
	if code != 0 || p.stderr.Len() > 0 || !strings.Contains(rest, "Stopped, and everything was removed.") {
		t.Errorf("exit code %d, output %q, errors %q", code, rest, p.stderr.String())
	}
	p.leavesNothing(t, output)
}

// useAPI pastes what the demo prints about the user API: the sample's secret that is missing is
// written then.
func useAPI(t *testing.T, output string) {
	t.Helper()
	_, commands, _ := strings.Cut(output, "The user API with curl")
	_, commands, _ = strings.Cut(commands, "\n\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "curl")); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-euc", commands)
	shell.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	answers, err := shell.CombinedOutput()
	for _, want := range []string{`"name":"deploy-production"`, `"name":"github_token"`} {
		if err != nil || !strings.Contains(string(answers), want) {
			t.Errorf("%v, no %s in the answers %s of:\n%s", err, want, answers, commands)
		}
	}
	if strings.Contains(string(answers), "wagtail") {
		t.Errorf("an answer has the value: %s", answers)
	}
}

// seeSample looks at what the demo prints that there is to see.
func seeSample(t *testing.T, address string) {
	t.Helper()
	tab := browsertest.New(t)
	logIn := func(name string) {
		tab.Open(address)
		tab.Fill("User name", name)
		tab.Fill("Password", password)
		tab.Follow("button", "Log in with User name and password")
	}
	sees := func(page string, texts ...string) {
		t.Helper()
		tab.Open(address + page)
		for _, text := range texts {
			if !strings.Contains(tab.Text(), text) {
				t.Errorf("/%s has no %q:\n%s", page, text, tab.Text())
			}
		}
	}
	logIn("cleo")
	sees("workflows/"+workflow, "1 secret is missing", "Add github_token", "overwritten: version 2", "expires", "no step", "Terraform configuration shop-prod", "step migrate", "ben")
	shot := tab.Screenshot()
	sees("workflows", "deploy-production", "nightly-report", "send-invoices")
	sees("sources/billing/approve", "2", "old_bank_password")
	sees("activity", "vpn_password")
	tab.Follow("button", "Log out")
	logIn("dana")
	sees("connections", "aws production", "kubernetes staging", "Add connection", "nightly-report")
	tab.Follow("button", "Log out")
	tab.Follow("link", "Continue with Company account")
	tab.Fill("Username:", colleague)
	tab.Fill("Password:", password)
	tab.Follow("button", "Login")
	sees("me", colleague)

	if shot = withFewColors(t, shot); len(shot) > maxScreenshot {
		t.Errorf("the screenshot has %d bytes", len(shot))
	}
	if *screenshot != "" {
		if err := os.WriteFile(*screenshot, shot, 0o644); err != nil { //nolint:gosec // for everybody
			t.Error(err)
		}
	}
}

// withFewColors reduces a PNG to its 256 most frequent colors, which a page has few more of. It takes a
// third of the space then.
func withFewColors(t *testing.T, file []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	count, bounds := map[color.Color]int{}, from.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[from.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	to := image.NewPaletted(bounds, color.Palette(colors[:min(len(colors), 256)]))
	draw.Draw(to, bounds, from, bounds.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
