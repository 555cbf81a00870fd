// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kubetest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// Kubectl runs kubectl as the administrator, and returns its output.
func (c *Cluster) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := c.Try(t, "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Try is Kubectl with a standard input, and with an error if kubectl fails.
func (c *Cluster) Try(t testing.TB, stdin string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), tools.Path(t, "kubectl"), args...)
	command.Env = []string{"HOME=" + c.folder, "KUBECONFIG=" + c.Administrator()}
	command.Stdin = strings.NewReader(stdin)
	var out, problem bytes.Buffer
	command.Stdout, command.Stderr = &out, &problem
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, &problem)
	}
	// Warnings, such as those of PodSecurity, do not make kubectl fail.
	return out.String() + problem.String(), nil
}

// Administrator is the path of the administrator's kubeconfig.
func (c *Cluster) Administrator() string { return filepath.Join(c.folder, "kubeconfig") }

// Namespace creates a namespace that refuses pods with more rights than the standard
// "restricted" has, and warns of what would make them.
func (c *Cluster) Namespace(t testing.TB, name string) {
	t.Helper()
	manifest := fmt.Sprintf(`{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {
  pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted}}}`, name)
	if _, err := c.Try(t, manifest, "create", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// Token is a token of a service account for an audience, which may be empty for the API
// server itself.
func (c *Cluster) Token(t testing.TB, namespace, account, audience string) string {
	t.Helper()
	args := []string{"create", "token", account, "--namespace", namespace}
	if audience != "" {
		args = append(args, "--audience", audience)
	}
	return strings.TrimSpace(c.Kubectl(t, args...))
}

// Kubeconfig is the path of a kubeconfig with a token.
func (c *Cluster) Kubeconfig(t testing.TB, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
clusters: [{name: k, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %q}}]}`,
		c.URL, base64.StdEncoding.EncodeToString([]byte(c.CA)), token)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
