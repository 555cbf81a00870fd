// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
	"github.com/relay-secrets/terraform-provider-relay/internal/proxytest"
)

const canary = "canary-Tr4vels-nowhere"

// noCanary checks an error and every file of the mirror.
func noCanary(t *testing.T, w *world, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("a credential is in the error: %v", err)
	}
	if _, err := os.Stat(w.cfg.Folder); err != nil {
		return
	}
	for _, path := range filesBelow(t, w.cfg.Folder) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), canary) {
			t.Errorf("a credential is in %s", path)
		}
	}
}

func TestCredentialsForHTTPS(t *testing.T) {
	t.Parallel()
	bearer := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+canary }
	basic := func(r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		return ok && user == "git" && password == canary
	}
	right, wrong := file(t, canary+"\n"), file(t, canary+"-not\n")
	for name, test := range map[string]struct {
		authorized func(*http.Request) bool
		access     gitmirror.Access
		want       []string // parts of the error; nil for success
	}{
		"token":          {bearer, gitmirror.Access{TokenFile: right}, nil},
		"password":       {basic, gitmirror.Access{Username: "git", PasswordFile: right}, nil},
		"wrong token":    {bearer, gitmirror.Access{TokenFile: wrong}, []string{"invalid credentials", "(401)", "token_file"}},
		"wrong password": {basic, gitmirror.Access{Username: "git", PasswordFile: wrong}, []string{"invalid credentials", "(401)"}},
		"wrong user":     {basic, gitmirror.Access{Username: "ada", PasswordFile: right}, []string{"invalid credentials", "(401)"}},
		"none":           {basic, gitmirror.Access{}, []string{"credentials are required (401)", "set remote.token_file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := overHTTPS(t)
			head := w.repo.Commit("main", "a.yaml", "1")
			w.web.Authorized = test.authorized
			test.access.CACert = w.web.CACert
			w.cfg.Access = test.access
			if test.want == nil {
				w.update(true, head)
				noCanary(t, w, nil)
				return
			}
			noCanary(t, w, w.fails(gitmirror.ErrAuthentication, test.want...))
		})
	}
}

// The user in an address as git hosts show it is the name of the login.
func TestUserOfTheAddressLogsIn(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	head := w.repo.Commit("main", "a.yaml", "1")
	w.web.Authorized = func(r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		return ok && user == "org" && password == canary
	}
	w.cfg.Remote.User, w.cfg.Access.PasswordFile = "org", file(t, canary)
	w.update(true, head)
	noCanary(t, w, nil)
}

// Some git hosts and proxies add a character set to every content type.
func TestContentTypeMayHaveParameters(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"; charset=utf-8", ";charset=UTF-8", " ; q=1"} {
		w := overHTTPS(t)
		head := w.repo.Commit("main", "a.yaml", "1")
		w.web.ContentType = func(name string) string { return strings.Replace(name, "application/", "Application/", 1) + suffix }
		w.update(true, head)
	}
}

func TestInvalidCredentialFilesAreErrors(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "\n", "two lines": canary + "\nX-Header: " + canary, "binary": canary + "\xff", "large": strings.Repeat(canary, 4000),
	} {
		w := overHTTPS(t)
		w.cfg.Access.TokenFile = file(t, content)
		err := w.fails(nil, "remote.token_file: read "+w.cfg.Access.TokenFile)
		noCanary(t, w, err)
		if len(w.web.Requests()) > 0 {
			t.Errorf("%s: the remote was asked", name)
		}
	}
	w := overHTTPS(t)
	w.cfg.Access.PasswordFile, w.cfg.Access.Username = "/nonexistent/password", "git"
	w.fails(os.ErrNotExist, "remote.password_file: read /nonexistent/password")
}

func TestFIFOInPlaceOfAFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for key, set := range map[string]func(*gitmirror.Access){
		"token_file":    func(a *gitmirror.Access) { a.TokenFile = fifo },
		"password_file": func(a *gitmirror.Access) { a.Username, a.PasswordFile = "git", fifo },
		"ca_cert":       func(a *gitmirror.Access) { a.CACert = fifo },
		"ssh_key":       func(a *gitmirror.Access) { a.SSHKey = fifo },
		"known_hosts":   func(a *gitmirror.Access) { a.KnownHosts = fifo },
	} {
		w := overHTTPS(t)
		if key == "ssh_key" || key == "known_hosts" {
			w = overSSH(t)
		}
		set(&w.cfg.Access)
		w.fails(nil, "remote."+key+": read "+fifo+": not a regular file")
	}
}

// TestCredentialsAreInNoOtherProcess reads the arguments and environment of every process during a fetch.
func TestCredentialsAreInNoOtherProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Log("no /proc here: nothing to look at")
		return
	}
	w := overHTTPS(t)
	head := w.repo.Commit("main", "a.yaml", "1")
	w.cfg.Access.TokenFile = file(t, canary+"-process")
	var sawGit atomic.Bool
	w.web.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range append(paths, environments...) {
			data, _ := os.ReadFile(path) // processes come and go
			if strings.Contains(string(data), canary+"-process") {
				t.Errorf("%s holds the token", path)
			}
			if strings.Contains(string(data), w.cfg.Folder) {
				sawGit.Store(true)
			}
		}
		return false
	}
	w.update(true, head)
	if !sawGit.Load() {
		t.Error("git was not seen among the processes, so nothing is shown")
	}
}

func TestUntrustedRemoteIsAnError(t *testing.T) {
	t.Parallel()
	t.Run("another authority", func(t *testing.T) {
		t.Parallel()
		w := overHTTPS(t)
		w.repo.Commit("main", "a.yaml", "1")
		w.cfg.Access = gitmirror.Access{TokenFile: file(t, canary)}
		w.fails(gitmirror.ErrUntrusted, "certificate", "check remote.ca_cert")
		if got := w.web.Requests(); len(got) > 0 {
			t.Errorf("the remote was asked: %q", got)
		}
	})
	t.Run("another name", func(t *testing.T) {
		t.Parallel()
		w := overHTTPS(t)
		w.remote(strings.Replace(w.web.URL, "127.0.0.1", "localhost", 1) + "/shop.git")
		w.fails(gitmirror.ErrUntrusted, "localhost")
	})
	t.Run("no authority in the file", func(t *testing.T) {
		t.Parallel()
		w := overHTTPS(t)
		w.cfg.Access.CACert = file(t, "nothing")
		w.fails(nil, "remote.ca_cert: read "+w.cfg.Access.CACert+": no certificate found in PEM format")
	})
	t.Run("another host key", func(t *testing.T) {
		t.Parallel()
		w := overSSH(t)
		signer, _ := gittest.NewSSHKey(t, filepath.Join(t.TempDir(), "other"))
		w.cfg.Access.KnownHosts = file(t, knownhosts.Line([]string{w.ssh.Address}, signer.PublicKey())+"\n")
		w.fails(gitmirror.ErrUntrusted, "the host key is not the one in "+w.cfg.Access.KnownHosts)
		if w.ssh.Sessions() > 0 {
			t.Error("a command was run there")
		}
	})
	t.Run("a host key of another host", func(t *testing.T) {
		t.Parallel()
		w := overSSH(t)
		signer, _ := gittest.NewSSHKey(t, filepath.Join(t.TempDir(), "other"))
		w.cfg.Access.KnownHosts = file(t, knownhosts.Line([]string{"host.example"}, signer.PublicKey())+"\n")
		w.fails(gitmirror.ErrUntrusted, "no host key of "+w.ssh.Address)
	})
	t.Run("no known_hosts", func(t *testing.T) {
		t.Parallel()
		w := overSSH(t)
		w.cfg.Access.KnownHosts = "/nonexistent/known_hosts"
		w.fails(os.ErrNotExist, "remote.known_hosts: read /nonexistent/known_hosts")
	})
	t.Run("one of several keys", func(t *testing.T) {
		t.Parallel()
		w := overSSH(t)
		head := w.repo.Commit("main", "a.yaml", "1")
		other, _ := gittest.NewSSHKey(t, filepath.Join(t.TempDir(), "other"))
		known, err := os.ReadFile(w.ssh.KnownHosts)
		if err != nil {
			t.Fatal(err)
		}
		hashed := knownhosts.HashHostname(knownhosts.Normalize("elsewhere.example")) + " " + strings.SplitN(string(known), " ", 2)[1]
		w.cfg.Access.KnownHosts = file(t, "# comment\n"+hashed+knownhosts.Line([]string{"host.example"}, other.PublicKey())+"\n"+string(known))
		w.update(true, head)
	})
}

func TestUnusableSSHKeysAreErrors(t *testing.T) {
	t.Parallel()
	w := overSSH(t)
	other := filepath.Join(t.TempDir(), "other")
	gittest.NewSSHKey(t, other)
	w.cfg.Access.SSHKey = other
	w.fails(gitmirror.ErrAuthentication, "the key of remote.ssh_key is not accepted for user git")

	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Access.SSHKey = file(t, string(pem.EncodeToMemory(block)))
	w.fails(nil, "is protected with a passphrase")
	w.cfg.Access.SSHKey = file(t, "no key, but "+canary)
	noCanary(t, w, w.fails(nil, "is not a private key"))
}

func TestMissingRepositoryIsAnError(t *testing.T) {
	t.Parallel()
	web, over := overHTTPS(t), overSSH(t)
	web.remote(web.web.URL + "/other.git")
	web.fails(gitmirror.ErrRejected, "repository not found, or not visible with these credentials (404)")
	over.remote("ssh://git@" + over.ssh.Address + "/nonexistent/other.git")
	over.fails(gitmirror.ErrRejected, "nonexistent/other.git' does not appear to be a git repository")
	web.remote("https://127.0.0.1:1/r")
	web.fails(gitmirror.ErrUnreachable, "connection refused")
	over.remote("ssh://git@127.0.0.1:1/r")
	over.fails(gitmirror.ErrUnreachable, "connection refused")
}

func TestConfiguredProxyIsUsed(t *testing.T) {
	t.Parallel()
	w := overHTTPS(t)
	head := w.repo.Commit("main", "a.yaml", "1")
	host := strings.TrimPrefix(w.web.URL, "https://")
	proxy := proxytest.Start(t, host)
	w.cfg.Access.TokenFile, w.cfg.Access.Proxy = file(t, canary), proxy.URL
	w.update(true, head)
	if asked, want := proxy.Asked(), "CONNECT "+host; len(asked) == 0 || asked[0] != want {
		t.Errorf("the proxy was asked %q, want %q", asked, want)
	}
	w.cfg.Access.Proxy = "http://127.0.0.1:1"
	noCanary(t, w, w.fails(gitmirror.ErrUnreachable, "proxyconnect", "connection refused"))
}
