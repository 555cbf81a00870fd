// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// overSSH puts the world's repository behind an SSH server.
func (w *world) overSSH() *gittest.SSH {
	server := gittest.NewSSH(w.t)
	w.remote("ssh://git@"+server.Address+w.repo+"/.git", config.Remote{SSHKey: server.Key, KnownHosts: server.KnownHosts})
	return server
}

// wrongAccess follows a remote over HTTPS or SSH with one wrong setting, which is corrected
// then.
func wrongAccess(over func(w *world), wrong func(w *world, s *config.Source)) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		over(w)
		right := w.cfg.Sources[0]
		wrong(w, &w.cfg.Sources[0])
		return func() { w.cfg.Sources[0] = right }
	}
}

func web(w *world)   { w.overHTTPS(w.t) }
func shell(w *world) { w.overSSH() }

// password is a remote that wants a user name and a password.
func password(w *world) {
	server := w.overHTTPS(w.t)
	server.Authorized = func(r *http.Request) bool {
		user, word, _ := r.BasicAuth()
		return user == "ada" && word == "canary-of-git"
	}
	w.cfg.Sources[0].Remote.Username = "ada"
	w.cfg.Sources[0].Remote.PasswordFile, w.cfg.Sources[0].Remote.TokenFile = w.cfg.Sources[0].Remote.TokenFile, ""
}

// moved is a remote that redirects to another server, to which the source may then be
// redirected, or which is its new address.
func moved(follow func(s *config.Source, host, right string)) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		right, trusted := w.cfg.Sources[0].Repository, w.readFile(w.cfg.Sources[0].Remote.CACert)
		old := gittest.NewHTTPS(w.t, w.t.TempDir())
		host, path, _ := strings.Cut(strings.TrimPrefix(right, "https://"), "/")
		old.Before = func(answer http.ResponseWriter, r *http.Request) bool {
			http.Redirect(answer, r, "https://"+host+r.URL.RequestURI(), http.StatusMovedPermanently)
			return true
		}
		w.cfg.Sources[0].Repository = old.URL + "/" + path
		w.cfg.Sources[0].Remote.CACert = write(w.t, w.t.TempDir(), "ca.pem", trusted+w.readFile(old.CACert))
		return func() { follow(&w.cfg.Sources[0], host, right) }
	}
}

// knownHosts lists the host key of another server, for this one or itself.
func knownHosts(listed func(address string) string) func(w *world, s *config.Source) {
	return func(w *world, s *config.Source) {
		other, _ := gittest.NewSSHKey(w.t, filepath.Join(w.t.TempDir(), "other"))
		address, _, _ := strings.Cut(strings.TrimPrefix(s.Repository, "ssh://git@"), "/")
		s.Remote.KnownHosts = write(w.t, w.t.TempDir(), "known_hosts", knownhosts.Line([]string{listed(address)}, other.PublicKey())+"\n")
	}
}

func withoutCredentials(_ *world, s *config.Source) {
	s.Remote.TokenFile, s.Remote.PasswordFile, s.Remote.Username = "", "", ""
}

var mirrorAdvice = []advice{
	{message: "Hint: run chmod go-w ", begin: func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		w.sync(true)
		folders, err := filepath.Glob(filepath.Join(w.cfg.Mirrors, "*", "*"))
		if err != nil || len(folders) != 1 {
			w.t.Fatalf("mirrors %v, %v", folders, err)
		}
		if err := os.Chmod(folders[0], 0o777); err != nil { //nolint:gosec // that is the point
			w.t.Fatal(err)
		}
		return func() { w.run("chmod", "go-w", folders[0]) }
	}},
	{message: "set mirrors to a folder with write permission for this process", begin: func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		w.cfg.Mirrors = write(w.t, w.t.TempDir(), "file", "") + "/mirrors"
		return func() { w.cfg.Mirrors = w.t.TempDir() }
	}},
	{message: "credentials are required (401). Hint: set remote.token_file", begin: wrongAccess(web, withoutCredentials)},
	{message: "credentials are required (401)", begin: wrongAccess(password, withoutCredentials)},
	{message: "Hint: check the content of remote.token_file", begin: adviceAbout("remote authentication failed")},
	{message: "Hint: check the content of remote.token_file or remote.password_file", begin: wrongAccess(password, func(w *world, s *config.Source) {
		s.Remote.PasswordFile = write(w.t, w.t.TempDir(), "password", "wrong")
	})},
	{message: "Hint: check remote.ca_cert", begin: adviceAbout("remote not trusted")},
	{message: "and which server answers at this address", begin: wrongAccess(web, func(w *world, s *config.Source) {
		s.Repository = strings.Replace(s.Repository, "127.0.0.1", "localhost", 1)
	})},
	{message: "Hint: if the repository has moved, set its new URL", begin: moved(func(s *config.Source, _, right string) { s.Repository = right })},
	{message: "is not allowed; if that host is right, add it to", begin: moved(func(s *config.Source, host, _ string) {
		s.Remote.RedirectHosts = []string{host}
	})},
	{message: "did not end in time. Hint: the remote or the disk of the mirror is slow", test: "TestGitThatDoesNotAnswerIsNotTheRemotesFault"},
	{message: "Hint: check whether it was deleted or renamed", begin: adviceAbout("branch or tag not found in the remote")},
	{message: "URL must not contain credentials, because it appears in logs. Hint: set remote.token_file", test: "TestAddressOfARepositoryIsCorrected"},
	{message: "Hint: use https:// or ssh://", test: "TestAddressOfARepositoryIsCorrected"},
	{message: "unsupported scheme file://. Hint: write the path of the folder", test: "TestAddressOfARepositoryIsCorrected"},
	{message: "unsupported address: remote helpers such as ext::", test: "TestAddressOfARepositoryIsCorrected"},
	{message: "Hint: write ./ before a folder whose name contains a colon", test: "advice_sources.txt"},
	{message: "remote.ssh_key: %s is protected with a passphrase; copy it", begin: wrongAccess(shell, func(w *world, s *config.Source) {
		key, err := ssh.ParseRawPrivateKey([]byte(w.readFile(s.Remote.SSHKey)))
		if err != nil {
			w.t.Fatal(err)
		}
		protected, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("passphrase"))
		if err != nil {
			w.t.Fatal(err)
		}
		s.Remote.SSHKey = write(w.t, w.t.TempDir(), "id", string(pem.EncodeToMemory(protected)))
	})},
	{message: "Hint: compare it with the key that the host's operator publishes", begin: wrongAccess(shell, knownHosts(func(address string) string { return address }))},
	{message: "Hint: add the key that the host's operator publishes", begin: wrongAccess(shell, knownHosts(func(string) string { return "host.example" }))},
	{message: "Hint: add its public key at the git host, with read access", begin: func(w *world) func() {
		w.one()
		server := w.overSSH()
		path := filepath.Join(w.t.TempDir(), "new")
		key, _ := gittest.NewSSHKey(w.t, path)
		w.cfg.Sources[0].Remote.SSHKey = path
		return func() { server.Accept(key.PublicKey()) }
	}},
}

// The addresses are checked before anything is read, so they come from a file here.
func TestAddressOfARepositoryIsCorrected(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ message, bad, good string }{
		{"URL must not contain credentials, because it appears in logs. Hint: set remote.token_file", "https://ada:canary@HOST", "https://HOST"},
		{"Hint: use https:// or ssh://", "http://HOST", "https://HOST"},
		{"unsupported address: remote helpers such as ext:: run programs. Hint: use https://", "ext::sh -c program", "https://HOST"},
		{"unsupported scheme file://. Hint: write the path of the folder", "file://FOLDER", "FOLDER"},
	} {
		w := newWorld(t, 1)
		w.one()
		folder := w.repo
		w.overHTTPS(t)
		s := w.cfg.Sources[0]
		read := func(address string) error {
			address = strings.NewReplacer("HOST", strings.TrimPrefix(s.Repository, "https://"), "FOLDER", folder).Replace(address)
			remote := ""
			if strings.HasPrefix(address, "https") {
				remote = fmt.Sprintf("    remote: {token_file: %s, ca_cert: %s}\n", s.Remote.TokenFile, s.Remote.CACert)
			}
			file := write(t, t.TempDir(), "relay-sync.yaml", fmt.Sprintf("controller: %s\nvault: {address: %q, token_file: %s}\nmirrors: %s\n"+
				"sources:\n  - name: shop\n    repository: %q\n    files: ['*.yaml']\n    workflows: [%s]\n    age_keys: [%s]\n%s",
				w.cfg.Controller, w.cfg.Vault.Address, w.cfg.Vault.TokenFile, w.cfg.Mirrors, address, w.workflow(0), s.AgeKeys[0], remote))
			cfg, err := config.Read(file)
			if err == nil {
				w.cfg = cfg
			}
			return err
		}
		if err := read(row.bad); err == nil || !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: got %v, want %q", row.bad, err, row.message)
		}
		if err := read(row.good); err != nil {
			t.Fatal(err)
		}
		w.endsInSync()
	}
}
