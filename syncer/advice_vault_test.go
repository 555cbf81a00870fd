// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// settings changes the Vault settings, and then has the ones before.
func settings(wrong func(w *world, cfg *config.Vault)) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		right := w.cfg.Vault
		wrong(w, &w.cfg.Vault)
		return func() { w.cfg.Vault = right }
	}
}

// vaultAnswers lets Vault answer requests with a status for a while.
func vaultAnswers(path string, status int) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		return w.vaultDoes("", path, vaulttest.FailWith(status))
	}
}

// behindTLS is a server with TLS in front of Vault. Its certificate is for 127.0.0.1.
func (w *world) behindTLS() (address, authority string) {
	w.t.Helper()
	target, err := url.Parse(w.proxy.Address)
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	w.t.Cleanup(server.Close)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server.URL, write(w.t, w.t.TempDir(), "ca.pem", string(block))
}

// wrongTLS changes the settings for a server with TLS, and then has the ones before.
func wrongTLS(wrong func(cfg *config.Vault)) func(w *world) func() {
	return func(w *world) func() {
		w.cfg.Vault.Address, w.cfg.Vault.CACert = w.behindTLS()
		return settings(func(_ *world, cfg *config.Vault) { wrong(cfg) })(w)
	}
}

// page is a server that answers with a web page.
func page(w *world) string {
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "<html>") }))
	w.t.Cleanup(server.Close)
	return server.URL
}

// front is a server in front of Vault, which may answer a request itself.
func (w *world) front(answers func(answer http.ResponseWriter, r *http.Request) bool) (end func()) {
	w.t.Helper()
	right := w.cfg.Vault.Address
	target, err := url.Parse(right)
	if err != nil {
		w.t.Fatal(err)
	}
	vault := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if !answers(answer, r) {
			vault.ServeHTTP(answer, r)
		}
	}))
	w.t.Cleanup(server.Close)
	w.cfg.Vault.Address = server.URL
	return func() { w.cfg.Vault.Address = right }
}

// denies denies requests as Vault does, with a text.
func denies(text string, selects func(r *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(answer http.ResponseWriter, r *http.Request) bool {
		if selects(r) {
			answer.Header().Set("Content-Type", "application/json")
			answer.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(answer, `{"errors":["1 error occurred:\n\t* %s\n\n"]}`, text)
		}
		return selects(r)
	}
}

// invalidToken is what newer versions of Vault answer, in which a token is then replaced.
func invalidToken(w *world) func() {
	w.one()
	w.front(denies("invalid token", func(r *http.Request) bool { return r.Header.Get("X-Vault-Token") == "hvs.revoked" }))
	return w.token("hvs.revoked")
}

// valueOfVersionOne is a mount of version 1 that a proxy describes as one of version 2. The
// administrator finds the value, deletes it, and enables version 2.
func valueOfVersionOne(w *world) func() {
	w.one()
	name := strings.ToLower(w.workflow(0))
	w.asRoot("POST", "sys/mounts/"+name, versionOne)
	w.mount(name)
	end := w.front(func(answer http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "sys/internal/ui/mounts/"):
			fmt.Fprintf(answer, `{"data":{"path":"%s/","type":"kv","uuid":"x","options":{"version":"2"}}}`, name)
		case strings.Contains(r.URL.Path, "/metadata/"):
			answer.Header().Set("Content-Type", "application/json")
			answer.WriteHeader(http.StatusNotFound)
			fmt.Fprint(answer, `{"errors":[]}`)
		default:
			return false
		}
		return true
	})
	return func() {
		end()
		path := name + "/data/workflows/" + w.workflow(0) + "/one"
		w.asRoot("GET", path, nil)
		w.asRoot("DELETE", path, nil)
		enableVersioning(w, name)
	}
}

// unmounted disables the mount while a sync observes it.
func unmounted(w *world) func() {
	w.one()
	name := strings.ToLower(w.workflow(0))
	w.asRoot("POST", "sys/mounts/"+name, map[string]any{"type": "kv", "options": map[string]any{"version": "2"}})
	back := w.mount(name)
	var once sync.Once
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, name+"/data/") {
			once.Do(func() { w.asRoot("DELETE", "sys/mounts/"+name, nil) })
		}
		return vaulttest.Action{}
	})
	return back
}

// expiredCertificate is that of a server with TLS in front of Vault, until it is renewed.
func expiredCertificate(w *world) func() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	issue := func(days int) *tls.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), NotBefore: time.Now().AddDate(0, 0, -2), NotAfter: time.Now().AddDate(0, 0, days),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			w.t.Fatal(err)
		}
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	var now atomic.Pointer[tls.Certificate]
	now.Store(issue(-1))
	target, err := url.Parse(w.proxy.Address)
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*now.Load()}}, nil
	}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	w.t.Cleanup(server.Close)
	w.one()
	trust := func() {
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: now.Load().Certificate[0]})
		w.cfg.Vault.CACert = write(w.t, w.t.TempDir(), "ca.pem", string(block))
	}
	w.cfg.Vault.Address = server.URL
	trust()
	return func() {
		now.Store(issue(1))
		trust()
	}
}

// asRoot sends a request to Vault as its administrator.
func (w *world) asRoot(method, path string, body map[string]any) {
	w.t.Helper()
	if status, answer := w.vault.Call(w.t, w.vault.RootToken, method, path, body); status >= 300 {
		w.t.Fatal(status, answer)
	}
}

// ownMount lets syncs use a mount of another kind, or one that is not there, and follows
// advice about it.
func ownMount(body map[string]any, hidden bool, follow func(w *world, name string)) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		name := strings.ToLower(w.workflow(0))
		if body != nil {
			w.asRoot("POST", "sys/mounts/"+name, body)
		}
		w.mount(name)
		if hidden {
			w.vaultDoes("", "sys/internal/ui/mounts/", vaulttest.FailWith(http.StatusForbidden))
		}
		return func() { follow(w, name) }
	}
}

// enableVersioning is: vault kv enable-versioning MOUNT.
func enableVersioning(w *world, name string) {
	w.asRoot("POST", "sys/mounts/"+name+"/tune", map[string]any{"options": map[string]any{"version": "2"}})
}

var versionOne = map[string]any{"type": "kv", "options": map[string]any{"version": "1"}}

// fingerprintKeys sets a file of keys, and then another one.
func fingerprintKeys(bad, good string) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		set := func(keys string) { w.cfg.FingerprintKeyFile = write(w.t, w.t.TempDir(), "fingerprint", keys) }
		set(bad)
		return func() { set(good) }
	}
}

// numberedKeys are fingerprint keys, one a line.
func numberedKeys(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "%044d\n", i)
	}
	return out.String()
}

var vaultPrinted = []advice{
	{message: "no KV v2 secrets engine found at this mount; check mount and namespace", begin: unmounted},
	{message: "look for it with an administrator's token and delete it there", begin: valueOfVersionOne},
	{message: "Vault rejected the request; see Vault's audit log", begin: vaultAnswers("/data/", http.StatusUnprocessableEntity)},
	{message: "the Vault token is invalid, expired or revoked; get a new one", begin: invalidToken},
	{message: "permission denied for every path", begin: adviceAbout("permission denied for every path")},
	{message: "check its rules and the address", begin: adviceAbout("a proxy or gateway in front of Vault denied the request")},
	{message: "authentication failed; check the role, the credentials and the auth mount", test: "login.txt"},
	{message: "permission denied; add the missing capability for this path to the policy", begin: func(w *world) func() {
		w.one()
		return w.front(denies("permission denied", func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/metadata/") }))
	}},
	{message: "Vault's rate limit is exceeded; lower the concurrency or raise the quota", begin: vaultAnswers("", http.StatusTooManyRequests)},
	{message: "Vault is sealed; unseal it", test: "TestDaemonWaitsForASealedVault"},
	{message: "Vault is unavailable; check its health", begin: vaultAnswers("", http.StatusBadGateway)},
	{message: "connection failed; check address, port and network", begin: settings(func(_ *world, cfg *config.Vault) { cfg.Address = "http://127.0.0.1:1" })},
	{message: "host name not found; check the address", begin: settings(func(_ *world, cfg *config.Vault) { cfg.Address = "https://no-such-host.invalid:8200" })},
	{message: "if others cannot read the network, set %s to true", test: "http.txt"},
	{message: "connection through the configured proxy failed; check the proxy", begin: wrongTLS(func(cfg *config.Vault) { cfg.Proxy = "http://127.0.0.1:1" })},
	{message: "is not trusted; check the CA certificate", begin: wrongTLS(func(cfg *config.Vault) { cfg.CACert = "" })},
	{message: "not for the host name in the address, or for the TLS server name if one is set; use a name", begin: wrongTLS(func(cfg *config.Vault) {
		cfg.Address = strings.Replace(cfg.Address, "127.0.0.1", "localhost", 1)
	})},
	{message: "has expired or is not valid; renew it", begin: expiredCertificate},
	{message: "the server does not use TLS at this port; begin the address with http://", begin: settings(func(_ *world, cfg *config.Vault) {
		cfg.Address = strings.Replace(cfg.Address, "http://", "https://", 1)
	})},
	{message: "the server requires TLS at this port; begin the address with https://", begin: wrongTLS(func(cfg *config.Vault) {
		cfg.Address = strings.Replace(cfg.Address, "https://", "http://", 1)
	})},
	{message: "the response is not that of Vault's API; check the address", begin: settings(func(w *world, cfg *config.Vault) { cfg.Address = page(w) })},

	{message: "set the mount of a KV version 2 secrets engine", begin: settings(func(w *world, cfg *config.Vault) { w.mount("cubbyhole") })},
	{message: "is a KV version 1 mount; enable version 2:", begin: ownMount(versionOne, false, enableVersioning)},
	{message: "is not a KV version 2 mount; if it is a KV version 1 mount, enable version 2:", begin: ownMount(versionOne, true, enableVersioning)},
	{message: "in the proxy in front of Vault", begin: func(w *world) func() {
		w.one()
		allow := w.vaultDoes("", "sys/internal/ui/mounts/", vaulttest.FailWith(http.StatusForbidden))
		grant := w.token(w.vault.WriterWithout(w.t, "metadata", "patch"))
		return func() {
			allow()
			w.askAll(Request{Apply: true})
			w.wantText("missing capability in the Vault policy:") // the next advice
			grant()
		}
	}},
	{message: "check mount and namespace, or enable one:", begin: ownMount(nil, false, func(w *world, name string) {
		w.asRoot("POST", "sys/mounts/"+name, map[string]any{"type": "kv", "options": map[string]any{"version": "2"}})
	})},
	{message: "the path is inside the mount", begin: func(w *world) func() {
		w.one()
		w.cfg.Vault.Mount = "customers/workflows"
		w.cfg.Vault.Prefix = "other"
		w.token(w.vault.RootToken)
		return func() { w.cfg.Vault.Mount, w.cfg.Vault.Prefix = "customers", "workflows/other" }
	}},
	{message: "are allowed; remove the oldest", begin: fingerprintKeys(numberedKeys(9), numberedKeys(8))},
	{message: "make one with: openssl rand -base64 32", begin: fingerprintKeys("short\n", numberedKeys(1))},
	{message: "it is not in Unicode form NFC", begin: func(w *world) func() {
		w.two()
		w.add("new.yaml", "workflows:\n  WF:\n    "+norm.NFD.String("clé")+": value\n")
		return func() { w.edit("new.yaml", "s/"+norm.NFD.String("clé")+"/"+norm.NFC.String("clé")+"/") }
	}},
	{message: "a tidy removes its metadata; write it again after", begin: adviceAbout("being tidied")},
	{message: "the Vault token is a root token", test: "TestPolicyOfTheReadGuardSufficesToWrite"},
	{message: "from its policy (at", test: "TestPolicyOfTheReadGuardSufficesToWrite"},
	{message: "so it is not known whether it can read values; grant it path", test: "TestPolicyOfTheReadGuardSufficesToWrite"},
	{message: "%s is owned by %s; adopt it to take it over", test: "advice_secret.txt"},
	{message: "already exists and is unmanaged; adopt it to take it over", test: "advice_secret.txt"},
	{message: "record not authentic: its MAC is missing or invalid", test: "TestForgedRecordsDoNotHideChanges"},
	{message: "stays; if no program needs it any more, delete it:", test: "TestPruneLeavesAVersionThatAReplicaWroteSinceThePlan"},
	{message: "is required; set a token, a token file or a login", test: "TestInvalidCredentialsAreProblems"},
}
