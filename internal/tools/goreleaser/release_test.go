// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package goreleaser

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	"github.com/sassoftware/go-rpmutils"
)

const dist = "../../../dist/"

// found returns the one file of dist that matches.
func found(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(dist + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %d files", pattern, err, len(files))
	}
	return files[0]
}

func open(t *testing.T, file string) *os.File {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// installed is what the packages of a program have, without its man pages, and how many those are at least.
func installed(program, zsh string) (files []string, manuals int) {
	files = []string{
		"/usr/bin/" + program, "/usr/share/bash-completion/completions/" + program, "/usr/share/fish/vendor_completions.d/" + program + ".fish",
		zsh + "_" + program, "/usr/share/doc/" + program + "/THIRD_PARTY_LICENSES", "/usr/share/doc/" + program + "/copyright",
	}
	if program == "relay-step" {
		return files, 2
	}
	return append(files, "/etc/logrotate.d/relay-sync", "/etc/relay-sync/credentials", "/etc/relay-sync/relay-sync.yaml",
		"/usr/lib/systemd/system/relay-sync.service", "/usr/share/doc/relay-sync/monitoring/README.md",
		"/usr/share/doc/relay-sync/monitoring/dashboard.json", "/usr/share/doc/relay-sync/monitoring/rules.yaml",
		"/usr/share/doc/relay-sync/monitoring/rules_test.yaml"), 15
}

func checkPackage(t *testing.T, program string, modes map[string]int64, zsh string) {
	t.Helper()
	var names []string
	manuals := 0
	for name := range modes {
		if strings.HasPrefix(name, "/usr/share/man/man1/"+program) && strings.HasSuffix(name, ".1.gz") {
			manuals++
			continue
		}
		names = append(names, name)
	}
	want, least := installed(program, zsh)
	slices.Sort(want)
	slices.Sort(names)
	if !slices.Equal(want, names) {
		t.Errorf("the package has\n%s\nwant\n%s", strings.Join(names, "\n"), strings.Join(want, "\n"))
	}
	if manuals < least {
		t.Errorf("%d man pages", manuals)
	}
	if mode, found := modes["/etc/relay-sync/credentials"]; found && mode&0o777 != 0o700 || modes["/usr/bin/"+program]&0o777 != 0o755 {
		t.Errorf("modes: credentials %o, %s %o", mode, program, modes["/usr/bin/"+program])
	}
}

// readDeb returns the modes of what a deb installs, and the files that control that.
func readDeb(t *testing.T, file string) (modes map[string]int64, control map[string]string) {
	t.Helper()
	modes, control = map[string]int64{}, map[string]string{}
	archive := ar.NewReader(open(t, file))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return modes, control
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(strings.TrimRight(header.Name, "/ "), ".tar.gz") {
			continue
		}
		for _, file := range readTar(t, archive) {
			name := strings.TrimSuffix(strings.TrimPrefix(file.name, "."), "/")
			switch {
			case strings.HasPrefix(header.Name, "control"):
				control[strings.TrimPrefix(name, "/")] = file.text
			case !file.folder || strings.HasPrefix(name, "/etc/relay-sync/"):
				modes["/"+strings.TrimPrefix(name, "/")] = file.mode
			}
		}
	}
}

func TestDebHasWhatTheProgramNeeds(t *testing.T) {
	modes, control := readDeb(t, found(t, "relay-step_*.deb"))
	checkPackage(t, "relay-step", modes, "/usr/share/zsh/vendor-completions/")
	if !strings.Contains(control["control"], "Depends: ca-certificates") || control["postinst"] != "" {
		t.Errorf("relay-step: %q", control)
	}
	modes, control = readDeb(t, found(t, "relay-sync_*.deb"))
	checkPackage(t, "relay-sync", modes, "/usr/share/zsh/vendor-completions/")
	if !strings.Contains(control["control"], "Depends: git (>= 1:2.31), ca-certificates") {
		t.Errorf("control: %s", control["control"])
	}
	if control["conffiles"] != "/etc/logrotate.d/relay-sync\n/etc/relay-sync/relay-sync.yaml\n" && control["conffiles"] != "/etc/relay-sync/relay-sync.yaml\n/etc/logrotate.d/relay-sync\n" {
		t.Errorf("an update replaces configuration: conffiles are %q", control["conffiles"])
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		if !strings.Contains(control[script], "systemctl") {
			t.Errorf("%s: %q", script, control[script])
		}
	}
}

func TestRPMHasWhatTheProgramNeeds(t *testing.T) {
	for program, needed := range map[string][]string{"relay-sync": {"git", "ca-certificates"}, "relay-step": {"ca-certificates"}} {
		rpm, err := rpmutils.ReadRpm(open(t, found(t, program+"-*.rpm")))
		if err != nil {
			t.Fatal(err)
		}
		files, err := rpm.Header.GetFiles()
		if err != nil {
			t.Fatal(err)
		}
		modes := map[string]int64{}
		for _, file := range files {
			modes[file.Name()] = int64(file.Mode())
		}
		checkPackage(t, program, modes, "/usr/share/zsh/site-functions/")
		requires, err := rpm.Header.GetStrings(rpmutils.REQUIRENAME)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range needed {
			if !slices.Contains(requires, name) {
				t.Errorf("%s requires %q, not %s", program, requires, name)
			}
		}
	}
}

type tarFile struct {
	name, text string
	mode       int64
	folder     bool
}

func readTar(t *testing.T, from io.Reader) (out []tarFile) {
	t.Helper()
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		file := tarFile{name: header.Name, mode: header.Mode, folder: header.Typeflag == tar.TypeDir}
		if header.Size < 1<<16 {
			text, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			file.text = string(text)
		}
		out = append(out, file)
	}
}

// TestArchivesAreAsRegistriesExpect: a zip of the provider has the program alone, by its name.
func TestArchivesAreAsRegistriesExpect(t *testing.T) {
	file := found(t, "terraform-provider-relay_*.zip")
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	version := regexp.MustCompile(`terraform-provider-relay_(.+)_[a-z0-9]+_[a-z0-9]+\.zip$`).FindStringSubmatch(file)
	if len(archive.File) != 1 || version == nil || archive.File[0].Name != "terraform-provider-relay_v"+version[1] {
		t.Errorf("%s has %d files, the first is %s", file, len(archive.File), archive.File[0].Name)
	}
	for program, wanted := range map[string][]string{
		"relay-sync": {"relay-sync", "LICENSE", "THIRD_PARTY_LICENSES", "completions/relay-sync.bash", "man/relay-sync.1.gz"},
		"relay-step": {"relay-step", "LICENSE", "THIRD_PARTY_LICENSES", "completions/relay-step.bash", "man/relay-step-exec.1.gz"},
	} {
		var names []string
		for _, file := range readTar(t, open(t, found(t, program+"_*.tar.gz"))) {
			names = append(names, file.name)
		}
		for _, want := range wanted {
			if !slices.Contains(names, want) {
				t.Errorf("the archive of %s has no %s: %q", program, want, names)
			}
		}
	}
	for _, bill := range []string{"terraform-provider-relay_*.cdx.json", "relay-sync_*.cdx.json", "relay-step_*.cdx.json"} {
		if text, err := os.ReadFile(found(t, bill)); err != nil || !strings.Contains(string(text), `"bomFormat": "CycloneDX"`) {
			t.Errorf("%s: %v", bill, err)
		}
	}
}

// TestChecksumsCoverTheRelease compares each line with its file. The registry wants a line of its manifest.
func TestChecksumsCoverTheRelease(t *testing.T) {
	lines := bufio.NewScanner(open(t, found(t, "terraform-provider-relay_*_SHA256SUMS")))
	covered := map[string]bool{}
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		path := dist + name
		if strings.HasSuffix(name, "_manifest.json") {
			path = "../../../terraform-registry-manifest.json"
			covered["manifest"] = true
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if actual := sha256.Sum256(data); hex.EncodeToString(actual[:]) != sum {
			t.Errorf("%s: the checksum differs", name)
		}
		covered[filepath.Ext(name)] = true
	}
	for _, want := range []string{"manifest", ".zip", ".gz", ".deb", ".rpm", ".json"} {
		if !covered[want] {
			t.Errorf("no checksum of %s", want)
		}
	}
}
