// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
	for name, test := range map[string]struct{ setting, want string }{
		"none":              {"", ""},
		"of the kubeconfig": {"proxy-url: http://own.example.com:3128", "http://own.example.com:3128"},
	} {
		path := filepath.Join(t.TempDir(), "kubeconfig")
		kubeconfig := `apiVersion: v1
kind: Config
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
users: [{name: x, user: {}}]
clusters:
- name: x
  cluster:
    server: https://kubernetes.example.com
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
