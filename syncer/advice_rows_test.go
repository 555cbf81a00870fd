// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/gittest"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// testSources are the tests of this package and of the packages below it.
func testSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go", "../internal/*/*_test.go", "../internal/*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// vaultDoes lets Vault do something else with requests, until the function that it
// returns is called.
func (w *world) vaultDoes(method, path string, action vaulttest.Action) (end func()) {
	var over atomic.Bool
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if over.Load() || !strings.Contains(r.URL.Path, path) || method != "" && r.Method != method {
			return vaulttest.Action{}
		}
		return action
	})
	return func() { over.Store(true) }
}

// token lets syncs use a token, and then the one before.
func (w *world) token(text string) (end func()) {
	before := w.cfg.Vault.TokenFile
	w.cfg.Vault.TokenFile = write(w.t, w.t.TempDir(), "token", text)
	return func() { w.cfg.Vault.TokenFile = before }
}

// one commits a file with a secret.
func (w *world) one() {
	w.t.Helper()
	w.secretsIn("one.yaml", w.workflow(0), "one")
	w.commit()
}

// mount lets syncs use another mount, with all rights, and then the one before.
func (w *world) mount(name string) (end func()) {
	before, token := w.cfg.Vault.Mount, w.token(w.vault.RootToken)
	w.cfg.Vault.Mount = name
	return func() { token(); w.cfg.Vault.Mount = before }
}

var vaultAdvice = []advice{
	{message: "changed since the plan", begin: func(w *world) func() {
		w.one()
		var written atomic.Bool
		w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			if strings.HasSuffix(r.URL.Path, "/one") && strings.Contains(r.URL.Path, "/data/") && written.CompareAndSwap(false, true) {
				w.vault.Write(w.t, w.workflow(0), "one", "foreign")
				w.vault.SoftDelete(w.t, w.workflow(0), "one")
			}
			return vaulttest.Action{}
		})
		return nil
	}},
	{message: "the answer to the write was lost", begin: func(w *world) func() {
		w.two()
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.commit()
		return w.vaultDoes("", "/data/", vaulttest.CutAt(vaulttest.After))
	}},
	{message: "but the record was not updated", begin: func(w *world) func() {
		w.two()
		w.secretsIn("one.yaml", w.workflow(0), "one")
		w.commit()
		return w.vaultDoes(http.MethodPatch, "/metadata/", vaulttest.FailWith(http.StatusInternalServerError))
	}},
	{message: "missing capability in the Vault policy:", begin: func(w *world) func() {
		w.one()
		return w.token(w.vault.WriterWithout(w.t, "metadata", "patch"))
	}},
	{message: "is a KV version 1 mount", begin: func(w *world) func() {
		w.one()
		name := strings.ToLower(w.workflow(0))
		if status, answer := w.vault.Call(w.t, w.vault.RootToken, "POST", "sys/mounts/"+name, map[string]any{"type": "kv", "options": map[string]any{"version": "1"}}); status >= 300 {
			w.t.Fatal(status, answer)
		}
		return w.mount(name)
	}},
	{message: "no KV v2 secrets engine found at mount", begin: func(w *world) func() {
		w.one()
		return w.mount("nothing-" + strings.ToLower(w.workflow(0)))
	}},
	{message: "a proxy or gateway in front of Vault denied the request", begin: func(w *world) func() {
		w.one()
		right := w.cfg.Vault.Address
		gateway := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			http.Error(answer, "<html>blocked</html>", http.StatusForbidden)
		}))
		w.t.Cleanup(gateway.Close)
		w.cfg.Vault.Address = gateway.URL
		return func() { w.cfg.Vault.Address = right }
	}},
	{message: "permission denied for every path", begin: func(w *world) func() {
		w.one()
		return w.token("hvs.revoked")
	}},
	{message: "Vault is sealed", test: "TestDaemonWaitsForASealedVault"},
}

// commitAfter commits a change of a file, and then the file as it was before.
func (w *world) commitAfter(file string, change func(good string) string) (restore func()) {
	w.two()
	good := w.read(file)
	write(w.t, w.repo, file, change(good))
	w.commit()
	return func() {
		write(w.t, w.repo, file, good)
		w.commit()
	}
}

var fileAdvice = []advice{
	{message: "claimed more than once", begin: func(w *world) func() {
		w.two()
		w.run("cp", "one.yaml", "again.yaml")
		w.commit()
		return func() { w.remove("again.yaml") }
	}},
	{message: "is not a workflow that source ... may write", begin: func(w *world) func() {
		w.two()
		added := w.cfg.Sources[0].Workflows
		w.secretsIn("other.yaml", w.workflow(1), "other")
		w.commit()
		w.cfg.Sources[0].Workflows = added[:1]
		return func() { w.cfg.Sources[0].Workflows = added }
	}},
	{message: "is not encrypted: SOPS encrypted nothing in it", begin: func(w *world) func() {
		w.two()
		write(w.t, w.repo, "plain.yaml", "workflows:\n  "+w.workflow(0)+":\n    plain: value\n")
		w.commit()
		return func() {
			w.sops("encrypt", "--in-place", "plain.yaml")
			w.commit()
		}
	}},
	{message: "is a pointer of Git LFS", begin: func(w *world) func() {
		return w.commitAfter("one.yaml", func(string) string {
			return "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("4d", 32) + "\nsize 12345\n"
		})
	}},
	{message: "has a merge conflict", begin: func(w *world) func() {
		w.commitAfter("one.yaml", func(good string) string {
			return "<<<<<<< HEAD\n" + good + "=======\n" + good + ">>>>>>> other\n"
		})
		return func() {
			w.run("git", "restore", "--source", "HEAD~1", "one.yaml")
			w.commit()
		}
	}},
	{message: "correct the path, or create a key with age-keygen", begin: func(w *world) func() {
		w.one()
		right := w.cfg.Sources[0].AgeKeys[0]
		w.cfg.Sources[0].AgeKeys = []string{right + ".missing"}
		return func() { w.cfg.Sources[0].AgeKeys = []string{right} }
	}},
	{message: "still has the placeholder of relay-sync new", begin: func(w *world) func() {
		w.two()
		w.seal("new.yaml", "workflows:\n  "+w.workflow(1)+":\n    fresh: "+sopsfile.Placeholder+"\n")
		w.commit()
		return func() {
			w.sops("set", "new.yaml", `["workflows"]["`+w.workflow(1)+`"]["fresh"]`, `"a value"`)
			w.commit()
		}
	}},
	{message: "line ends of Windows (CRLF)", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Map = []config.MapEntry{{File: "app.env", Workflow: w.workflow(1)}}
		write(w.t, w.repo, "app.env", "token=value\r\n")
		w.sops("encrypt", "--in-place", "app.env")
		w.commit()
		return func() {
			write(w.t, w.repo, "app.env", "token=value\n")
			w.sops("encrypt", "--in-place", "app.env")
			w.commit()
		}
	}},
	{message: "no address; set its workflow by an entry under map", begin: func(w *world) func() {
		w.two()
		w.seal("flat.yaml", "token: value\n")
		w.commit()
		return func() {
			w.cfg.Sources[0].Map = []config.MapEntry{{File: "flat.yaml", Workflow: w.workflow(1)}}
		}
	}},
	{message: "no available key decrypts this file", begin: func(w *world) func() {
		w.one()
		right := w.cfg.Sources[0].AgeKeys
		other, err := age.GenerateX25519Identity()
		if err != nil {
			w.t.Fatal(err)
		}
		w.cfg.Sources[0].AgeKeys = []string{write(w.t, w.t.TempDir(), "age.key", other.String())}
		return func() { // the new key beside the old one
			w.cfg.Sources[0].AgeKeys = append(right, w.cfg.Sources[0].AgeKeys...)
		}
	}},
	{message: "does not match the file", begin: func(w *world) func() {
		w.secretsIn("one.yaml", w.workflow(0), "one", "two", "three")
		w.applied()
		good := w.read("one.yaml")
		line := good[strings.Index(good, "        two:"):]
		write(w.t, w.repo, "one.yaml", strings.Replace(good, line[:strings.Index(line, "\n")+1], "", 1))
		w.commit()
		return func() {
			write(w.t, w.repo, "one.yaml", good)
			w.commit()
		}
	}},
	{message: "contains no file that matches", begin: func(w *world) func() {
		w.two()
		files := w.cfg.Sources[0].Files
		w.cfg.Sources[0].Files = []string{"secrets/*.yaml"}
		return func() { w.cfg.Sources[0].Files = files }
	}},
	{message: "not signed", begin: func(w *world) func() {
		w.one()
		keys := w.t.TempDir()
		ada, _ := gittest.NewSSHKey(w.t, filepath.Join(keys, "ada"))
		w.cfg.Sources[0].Verify.SSHAllowedSigners = write(w.t, keys, "allowed_signers", "ada@example.com "+string(ssh.MarshalAuthorizedKey(ada.PublicKey())))
		return func() { w.sign(ada) }
	}},
}

var remoteAdvice = []advice{
	{message: "remote not reachable", begin: func(w *world) func() {
		w.one()
		server := w.overHTTPS(w.t)
		var over atomic.Bool
		server.Before = func(answer http.ResponseWriter, _ *http.Request) bool {
			if !over.Load() {
				http.Error(answer, "away", http.StatusServiceUnavailable)
			}
			return !over.Load()
		}
		return func() { over.Store(true) }
	}},
	{message: "remote authentication failed", begin: func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		right := w.cfg.Sources[0].Remote.TokenFile
		w.cfg.Sources[0].Remote.TokenFile = write(w.t, w.t.TempDir(), "token", "wrong")
		return func() { w.cfg.Sources[0].Remote.TokenFile = right }
	}},
	{message: "remote not trusted", begin: func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		right := w.cfg.Sources[0].Remote.CACert
		w.cfg.Sources[0].Remote.CACert = ""
		return func() { w.cfg.Sources[0].Remote.CACert = right }
	}},
	{message: "redirect to ... is not allowed", test: "TestRedirectToListedHostIsFollowed"},
	{message: "branch or tag not found in the remote", begin: func(w *world) func() {
		w.one()
		w.overHTTPS(w.t)
		w.cfg.Sources[0].Branch = "other"
		return func() { w.run("git", "branch", "other") }
	}},
	{message: "the remote sent more than", test: "TestFetchIsBounded"},
}
