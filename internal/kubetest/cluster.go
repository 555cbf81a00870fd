// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kubetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// startTimeout is for a machine that does much else.
const startTimeout = 2 * time.Minute

// Cluster is an API server of Kubernetes. A test can freeze, kill and start it again.
type Cluster struct {
	URL string
	// CA is the PEM of the authority of its certificate.
	CA string

	folder, address string
	server          *exec.Cmd
	stdin           io.Closer
	log             *bytes.Buffer // complete when the server has ended
}

// Start starts one for this test, with an administrator's kubeconfig.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{folder: t.TempDir(), address: porttest.Address(t)}
	c.URL = "https://" + c.address
	c.Launch(t)
	t.Cleanup(func() { c.stop(t) })
	ca, err := os.ReadFile(filepath.Join(c.folder, "apiserver.crt"))
	if err != nil {
		t.Fatal(err)
	}
	c.CA = string(ca)
	return c
}

// Launch starts the server, also again after Kill with what it had stored, and waits until it
// is ready.
func (c *Cluster) Launch(t testing.TB) {
	t.Helper()
	c.server = exec.CommandContext(context.WithoutCancel(t.Context()), tools.Path(t, "kube-api"), "-until-eof", "-data", c.folder, "-listen", c.address)
	c.server.Env = []string{}
	c.log = &bytes.Buffer{}
	c.server.Stderr = c.log
	stdin, err := c.server.StdinPipe() // ends with this process
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	if err := c.server.Start(); err != nil {
		t.Fatalf("start the API server: %v", err)
	}
	if !await.Until(startTimeout, func() bool { return c.ready(t.Context()) }) {
		c.Kill(t)
		t.Fatalf("start the API server: not ready; its log: %s", c.log)
	}
}

// ready asks the server, whose first start writes the certificate that the client trusts.
func (c *Cluster) ready(ctx context.Context) bool {
	ca, err := os.ReadFile(filepath.Join(c.folder, "apiserver.crt"))
	if err != nil {
		return false
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(ca)
	client := http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: authorities}},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }() // read only
	return response.StatusCode == http.StatusOK
}

// stop ends the server. A test that killed it leaves nothing to do.
func (c *Cluster) stop(t testing.TB) {
	t.Helper()
	if c.server.ProcessState != nil {
		return
	}
	c.Thaw(t) // a frozen one does not end
	_ = c.stdin.Close()
	if err := c.server.Wait(); err != nil {
		t.Errorf("stop the API server: %v; its log: %s", err, c.log)
	}
}

// Kill ends the server at once: its clients' connections are closed.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	if err := c.server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.server.Wait() // an error, because it was killed
}

// Freeze stops the server without an end of its connections, as if the network were gone.
func (c *Cluster) Freeze(t testing.TB) { c.signal(t, syscall.SIGSTOP) }

// Thaw lets the server go on.
func (c *Cluster) Thaw(t testing.TB) { c.signal(t, syscall.SIGCONT) }

func (c *Cluster) signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := c.server.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}
