// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// inRoot runs a program with another root folder, which has the programs of this machine.
const inRoot = `set -e
root=$1
shift
for folder in usr bin sbin lib lib64 dev proc; do
  test ! -e /$folder || { mkdir -p "$root/$folder"; mount --rbind /$folder "$root/$folder"; }
done
exec chroot "$root" "$@"`

// container is the program of a pod that runs.
type container struct {
	*exec.Cmd
	log bytes.Buffer // complete at its end
}

// start runs the container of a pod as a kubelet does: with its arguments and volumes at their paths.
// Only the addresses of Vault and of the repository are others.
func (e *example) start(pod corev1.PodSpec) *container {
	e.t.Helper()
	root := e.t.TempDir()
	for _, mount := range pod.Containers[0].VolumeMounts {
		for _, volume := range pod.Volumes {
			if volume.Name == mount.Name {
				for name, content := range e.files(pod, volume.VolumeSource) {
					put(e.t, filepath.Join(root, mount.MountPath, name), e.local(content))
				}
			}
		}
		if err := os.MkdirAll(filepath.Join(root, mount.MountPath), 0o700); err != nil {
			e.t.Fatal(err)
		}
	}
	put(e.t, filepath.Join(root, "relay-sync"), read(e.t, tools.Path(e.t, "relay-sync")))
	if err := os.Chmod(filepath.Join(root, "relay-sync"), 0o700); err != nil { //nolint:gosec // must be executable
		e.t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(root, "srv"), os.DirFS(filepath.Join(e.dir, "srv"))); err != nil {
		e.t.Fatal(err)
	}
	at, err := url.Parse(e.api.URL)
	if err != nil {
		e.t.Fatal(err)
	}
	c := &container{Cmd: exec.CommandContext(e.t.Context(), "unshare", append([]string{
		"--map-root-user", "--mount", "sh", "-c", inRoot, "sh", root, "/relay-sync",
	}, pod.Containers[0].Args...)...)}
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "KUBERNETES_SERVICE_HOST=" + at.Hostname(), "KUBERNETES_SERVICE_PORT=" + at.Port()}
	c.Stdout, c.Stderr = &c.log, &c.log
	if err := c.Start(); err != nil {
		e.t.Fatal(err)
	}
	return c
}

// put writes a file of a pod.
func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

var remoteSettings = regexp.MustCompile(`(?m)^    remote:\n(?:      .*\n)+`)

// local replaces what this machine does not have in a configuration.
func (e *example) local(content string) string {
	content = strings.NewReplacer("https://vault.vault.svc:8200", e.vault.Address, "ssh://git@git.example.com/platform/secrets.git", "/srv/platform").Replace(content)
	return remoteSettings.ReplaceAllString(content, "")
}

// files are the contents of a volume, by path.
func (e *example) files(pod corev1.PodSpec, volume corev1.VolumeSource) map[string]string {
	e.t.Helper()
	files := map[string]string{}
	switch {
	case volume.ConfigMap != nil:
		var found corev1.ConfigMap
		e.get("configmap", volume.ConfigMap.Name, &found)
		return found.Data
	case volume.Secret != nil:
		var found corev1.Secret
		e.get("secret", volume.Secret.SecretName, &found)
		for name, content := range found.Data {
			files[name] = string(content)
		}
		for i, item := range volume.Secret.Items {
			if i == 0 {
				files = map[string]string{}
			}
			files[item.Path] = string(found.Data[item.Key])
		}
	case volume.Projected != nil:
		for _, source := range volume.Projected.Sources {
			path, content := e.projected(pod, source)
			files[path] = content
		}
	}
	return files
}

// projected is one file of a projected volume.
func (e *example) projected(pod corev1.PodSpec, source corev1.VolumeProjection) (path, content string) {
	e.t.Helper()
	switch {
	case source.ServiceAccountToken != nil:
		return source.ServiceAccountToken.Path, e.api.Token(e.t, "relay-sync", pod.ServiceAccountName, source.ServiceAccountToken.Audience)
	case source.ConfigMap != nil && source.ConfigMap.Name == "kube-root-ca.crt": // a controller would write it
		return source.ConfigMap.Items[0].Path, e.api.CA
	case source.DownwardAPI != nil && source.DownwardAPI.Items[0].FieldRef.FieldPath == "metadata.namespace":
		return source.DownwardAPI.Items[0].Path, "relay-sync"
	}
	e.t.Fatalf("unexpected source of a projected volume: %v", source)
	return "", ""
}

// becomesReady waits until the readiness probe of a pod succeeds with a text, and then stops the pod.
func (e *example) becomesReady(pod corev1.PodSpec, want string, whileReady func()) {
	e.t.Helper()
	probe := pod.Containers[0].ReadinessProbe.HTTPGet
	port := int32(0)
	for _, named := range pod.Containers[0].Ports {
		if named.Name == probe.Port.StrVal {
			port = named.ContainerPort
		}
	}
	c := e.start(pod)
	var got string
	ready := await.Until(time.Minute, func() bool {
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, probe.Path))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		got = string(text)
		return response.StatusCode == http.StatusOK && got == want
	})
	if ready {
		whileReady()
	}
	_ = c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil || !ready {
		e.t.Errorf("the pod answers %q, and ends with %v; its log:\n%s", got, err, &c.log)
	}
}
