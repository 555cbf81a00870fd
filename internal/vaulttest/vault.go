// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

const (
	startTimeout = time.Minute
	callTimeout  = 30 * time.Second
)

// Vault is a running, unsealed and prepared Vault: KV v2 at the mount
// customers, the auth methods approle, userpass and jwt, the policies writer
// and reader.
type Vault struct {
	Address   string `json:"address"`    // http://127.0.0.1:PORT; https:// of StartTLS
	RootToken string `json:"root_token"` // may do everything
	UnsealKey string `json:"unseal_key"` // hex
	// Nodes are the addresses of the nodes of a Vault with the argument -nodes.
	Nodes []string `json:"nodes"`

	shared  bool
	client  http.Client
	args    []string // of a Vault from StartOwn
	process *os.Process
	stdin   io.Closer
	exited  chan error
	stop    *sync.Once
}

var shared struct {
	once  sync.Once
	vault *Vault
	err   error
}

// Start returns the Vault that all tests of this process share. It lives until
// the process ends.
func Start(t testing.TB) *Vault {
	t.Helper()
	program := tools.Path(t, "devvault")
	shared.once.Do(func() {
		shared.vault, shared.err = launch(program, []string{"-prepare"})
		if shared.err == nil {
			shared.vault.shared = true
		}
	})
	if shared.err != nil {
		t.Fatalf("start the shared dev Vault: %v", shared.err)
	}
	return shared.vault
}

// StartOwn starts a Vault for this test only, which may seal and stop it. args are the
// arguments of devvault: with "-storage", "raft:DIR" a later start finds the data again,
// with "-listen", "127.0.0.1:PORT" it has the same address.
func StartOwn(t testing.TB, args ...string) *Vault {
	t.Helper()
	return startOwn(t, append([]string{"-prepare"}, args...))
}

// StartEmpty is StartOwn for a Vault that is initialized and unsealed, and no more: without
// the mount, auth methods and policies.
func StartEmpty(t testing.TB) *Vault {
	t.Helper()
	return startOwn(t, nil)
}

func startOwn(t testing.TB, args []string) *Vault {
	t.Helper()
	v, err := launch(tools.Path(t, "devvault"), args)
	if err != nil {
		t.Fatalf("start a dev Vault: %v", err)
	}
	v.args = args
	t.Cleanup(func() { v.Stop(t) })
	return v
}

// Restart starts a Vault from StartOwn again, which has ended, on the same data and at the same address,
// if its arguments have them.
func (v *Vault) Restart(t testing.TB) {
	t.Helper()
	again := startOwn(t, v.args)
	if again.Address != v.Address || again.RootToken != v.RootToken {
		t.Fatal("the dev Vault started with other data or at another address: use -storage raft:DIR and -listen")
	}
	v.process, v.stdin, v.exited, v.stop = again.process, again.stdin, again.exited, again.stop
}

// Certificates names PEM files: the authority of Vault's certificate, and a client
// certificate of the same authority with its key.
type Certificates struct{ CA, Client, ClientKey string }

// StartTLS is StartOwn for a Vault that serves over TLS and asks for client
// certificates.
func StartTLS(t testing.TB) (*Vault, Certificates) {
	t.Helper()
	dir := t.TempDir()
	v := StartOwn(t, "-tls", dir)
	files := Certificates{filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem"), filepath.Join(dir, "client-key.pem")}
	pem, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatalf("read the dev Vault's authority: %v", err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	v.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}
	return v, files
}

// launch runs devvault with a standard input that ends with this process, so that
// devvault ends if the test is killed.
func launch(program string, args []string) (*Vault, error) {
	cmd := exec.Command(program, append([]string{"-until-eof"}, args...)...)
	cmd.Env = []string{} // no VAULT_… of the developer's shell
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}

	v := &Vault{client: http.Client{Timeout: callTimeout}, process: cmd.Process, stdin: stdin, exited: make(chan error, 1), stop: new(sync.Once)}
	watchdog := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	err = json.NewDecoder(stdout).Decode(v)
	watchdog.Stop()
	if err != nil {
		_ = stdin.Close()
		_ = cmd.Wait() // the cause is on stderr
		return nil, fmt.Errorf("read the announcement: %w; its log: %s", err, stderr.String())
	}
	go func() { v.exited <- cmd.Wait() }()
	return v, nil
}

// Stop stops a Vault from StartOwn and waits for the end of its process. A second call
// does nothing.
func (v *Vault) Stop(t testing.TB) {
	t.Helper()
	v.mustBeOwn(t)
	v.stop.Do(func() {
		_ = v.stdin.Close()
		if err := <-v.exited; err != nil {
			t.Errorf("stop the dev Vault: %v", err)
		}
	})
}

// PID is the id of the process of a Vault from StartOwn.
func (v *Vault) PID(t testing.TB) int {
	t.Helper()
	v.mustBeOwn(t)
	return v.process.Pid
}

// Kill ends the process of a Vault from StartOwn with SIGKILL, and waits for it.
func (v *Vault) Kill(t testing.TB) {
	t.Helper()
	v.mustBeOwn(t)
	v.stop.Do(func() {
		_ = v.process.Kill() // it may have ended by itself
		t.Logf("Vault ended: %v", <-v.exited)
		_ = v.stdin.Close()
	})
}

// At is the same Vault at the address of another node.
func (v *Vault) At(node string) *Vault {
	return &Vault{Address: node, RootToken: v.RootToken, UnsealKey: v.UnsealKey, client: http.Client{Timeout: callTimeout}}
}

// Active is the active node of a Vault with the argument -nodes, nil while none is.
func (v *Vault) Active(t testing.TB) *Vault {
	t.Helper()
	for _, address := range v.Nodes {
		node := v.At(address)
		if status, _ := node.Call(t, "", http.MethodGet, "sys/health", nil); status == http.StatusOK {
			return node
		}
	}
	return nil
}

// StepDown lets the active node of a cluster become a standby.
func (v *Vault) StepDown(t testing.TB) {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPut, "sys/step-down", nil)
}

// Seal seals a Vault from StartOwn: it responds with 503.
func (v *Vault) Seal(t testing.TB) {
	t.Helper()
	v.mustBeOwn(t)
	v.must(t, v.RootToken, http.MethodPost, "sys/seal", nil)
}

// Unseal unseals a Vault and waits until it is ready.
func (v *Vault) Unseal(t testing.TB) {
	t.Helper()
	v.must(t, "", http.MethodPost, "sys/unseal", map[string]any{"key": v.UnsealKey})
	ready := func() bool {
		status, _ := v.Call(t, v.RootToken, "LIST", "customers/metadata/", nil)
		return status < 500
	}
	if !await.Until(startTimeout, ready) {
		t.Fatalf("Vault takes no requests %s after unsealing", startTimeout)
	}
}

func (v *Vault) mustBeOwn(t testing.TB) {
	t.Helper()
	if v.shared {
		t.Fatal("this Vault is shared with other tests: use StartOwn to seal or stop one")
	}
}
