// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
		_, err := Config{Kubeconfig: path}.restConfig()
		if allowed != (err == nil) || err != nil && (!strings.Contains(err.Error(), "must begin with https://") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", server, err)
		}
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
	for name, test := range map[string]struct{ setting, want string }{
		"none":              {"", ""},
		"of the kubeconfig": {"proxy-url: http://own.example.com:3128", "http://own.example.com:3128"},
	} {
		path := filepath.Join(t.TempDir(), "kubeconfig")
		kubeconfig := kubeconfigTop + `    server: https://kubernetes.example.com
    ` + test.setting + "\n"
		if err := os.WriteFile(path, []byte(kubeconfig), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := Config{Kubeconfig: path}.restConfig()
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://kubernetes.example.com", nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if proxy, err := config.Proxy(request); err != nil {
			t.Fatal(err)
		} else if proxy != nil {
			got = proxy.String()
		}
		if got != test.want {
			t.Errorf("%s: the proxy is %q, want %q", name, got, test.want)
		}
	}
}
