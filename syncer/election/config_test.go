// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

const kubeconfigTop = `apiVersion: v1
kind: Config
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
users: [{name: x, user: {token: hunter2}}]
clusters:
- name: x
  cluster:
`

func TestServerWithoutTLSMustBeThisMachine(t *testing.T) {
	t.Parallel()
	for server, allowed := range map[string]bool{
		"https://kubernetes.example.com": true, "http://127.0.0.1:8001": true, "http://kubernetes.example.com:8080": false, "kubernetes.example.com:8080": false,
	} {
		path := filepath.Join(t.TempDir(), "kubeconfig")
		if err := os.WriteFile(path, []byte(kubeconfigTop+"    server: "+server+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Config{Kubeconfig: path}.open()
		if allowed != (err == nil) || err != nil && (!strings.Contains(err.Error(), "must begin with https://") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", server, err)
		}
	}
}

// TestProxyOfTheEnvironmentIsIgnored sends a request to a host that does not exist.
func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	for name, test := range map[string]struct{ setting, want string }{
		"none":              {"", ""},
		"of the kubeconfig": {"proxy-url: " + proxy.URL, "CONNECT kubernetes.invalid:443"},
	} {
		asked.Store("")
		path := filepath.Join(t.TempDir(), "kubeconfig")
		kubeconfig := kubeconfigTop + `    server: https://kubernetes.invalid
    ` + test.setting + "\n"
		if err := os.WriteFile(path, []byte(kubeconfig), 0o600); err != nil {
			t.Fatal(err)
		}
		leases, err := Config{Kubeconfig: path}.open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leases.get(t.Context(), "relay-sync"); err == nil {
			t.Errorf("%s: the request succeeded", name)
		}
		if got := asked.Load(); got != test.want {
			t.Errorf("%s: the proxy received %q, want %q", name, got, test.want)
		}
	}
}
