// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func TestSystemdUnitOfTheWebPageFitsItsConfiguration(t *testing.T) {
	t.Parallel()
	unit, daemonUnit := read(t, examples+"systemd/relay-sync-web.service"), read(t, examples+"systemd/relay-sync.service")
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/relay-sync (.*)$`).FindStringSubmatch(unit)
	if start == nil {
		t.Fatal("the unit does not start relay-sync")
	}
	checkCommandLine(t, strings.Fields(start[1]))
	page, err := config.ReadWeb(examples + "systemd/web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	daemon, err := config.Read(examples + "systemd/relay-sync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if page.Web.Daemon.Socket != daemon.Socket {
		t.Errorf("the page asks at %s, the daemon answers at %s", page.Web.Daemon.Socket, daemon.Socket)
	}
	group := "\nGroup=relay-sync-socket\n"
	if !strings.Contains(unit, group) || !strings.Contains(read(t, examples+"systemd/relay-sync.service.d/socket.conf"), group) {
		t.Error("page and daemon have no common group")
	}
	// Every protection of the daemon's unit is in this one.
	for line := range strings.Lines(daemonUnit[strings.Index(daemonUnit, "\nUMask="):]) {
		if strings.Contains(line, "=") && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "MemoryMax=") && !strings.Contains(unit, "\n"+line) {
			t.Errorf("the unit of the page has no %s", line)
		}
	}
	if strings.Contains(unit, "LoadCredential") {
		t.Error("the page gets a credential, which it does not need")
	}
	if dir := filepath.Base(filepath.Dir(page.Web.Audit)); !strings.Contains(unit, "\nLogsDirectory="+dir+"\n") {
		t.Errorf("the page may not write to %s", page.Web.Audit)
	}
}

// manifests parses the documents of files of an example strictly, and fails unless each kind is
// there.
func manifests(t *testing.T, folder string, kinds map[string][]any, files ...string) {
	t.Helper()
	for _, file := range files {
		for document := range strings.SplitSeq(read(t, examples+folder+"/"+file), "\n---\n") {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if len(kinds[kind.Kind]) == 0 {
				t.Fatalf("%s: unexpected %s", file, kind.Kind)
			}
			if err := yaml.UnmarshalStrict([]byte(document), kinds[kind.Kind][0]); err != nil {
				t.Errorf("%s: %s: %v", file, kind.Kind, err)
			}
			kinds[kind.Kind] = kinds[kind.Kind][1:]
		}
	}
	for kind, missing := range kinds {
		if len(missing) > 0 {
			t.Errorf("%d manifests of kind %s are missing", len(missing), kind)
		}
	}
}

func TestKubernetesManifestsOfTheWebPageAreValid(t *testing.T) {
	t.Parallel()
	var page, daemon appsv1.Deployment
	var pageService, daemonService corev1.Service
	manifests(t, "kubernetes-web", map[string][]any{
		"Deployment": {&page, &daemon}, "Service": {&pageService, &daemonService},
		"NetworkPolicy": {&networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicy{}},
	}, "deployment.yaml", "daemon.yaml", "network-policy.yaml")
	pod := page.Spec.Template.Spec
	container := pod.Containers[0]
	checkCommandLine(t, container.Args)
	if inside := container.SecurityContext; !*pod.SecurityContext.RunAsNonRoot || !*inside.ReadOnlyRootFilesystem || *inside.AllowPrivilegeEscalation ||
		len(inside.Capabilities.Drop) == 0 || *pod.AutomountServiceAccountToken || pod.SecurityContext.SeccompProfile == nil {
		t.Error("the pod has more permissions than it needs")
	}
	for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe} {
		if probe.HTTPGet.Path != "/healthz" {
			t.Errorf("a probe asks for %s", probe.HTTPGet.Path)
		}
	}
	pageConfig, err := config.ReadWeb(examples + "kubernetes-web/web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	daemonConfig, err := config.Read(examples + "kubernetes-web/relay-sync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if pageConfig.Web.Audit != auditfile.Stdout {
		t.Errorf("the audit lines go to %s, not to standard output", pageConfig.Web.Audit)
	}
	// The page asks at the Service of the daemon.
	at, err := url.Parse(pageConfig.Web.Daemon.URL)
	if err != nil || at.Hostname() != daemonService.Name+".relay-sync.svc" || !strings.HasSuffix(daemonConfig.RemoteAccess.Listen, ":"+at.Port()) {
		t.Errorf("the page asks at %s, the daemon answers at %s of the service %s", at, daemonConfig.RemoteAccess.Listen, daemonService.Name)
	}
	mounted := func(spec corev1.PodSpec, path string) {
		t.Helper()
		if !slices.ContainsFunc(spec.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return filepath.Dir(path) == m.MountPath }) {
			t.Errorf("the configuration names %s, where nothing is mounted", path)
		}
	}
	mounted(pod, pageConfig.Web.Daemon.TokenFile)
	mounted(pod, pageConfig.Web.Daemon.CACert)
	mounted(daemon.Spec.Template.Spec, daemonConfig.RemoteAccess.CertFile)
	mounted(daemon.Spec.Template.Spec, daemonConfig.RemoteAccess.TokenFile)
	// The key of the daemon's certificate is not in the pod of the page.
	for _, volume := range pod.Volumes {
		if volume.Secret != nil && (len(volume.Secret.Items) == 0 || slices.ContainsFunc(volume.Secret.Items, func(i corev1.KeyToPath) bool { return i.Key == "tls.key" })) {
			t.Errorf("the volume %s has the key of the daemon's certificate", volume.Name)
		}
	}
}

// What the daemon of the example with the page has beyond the one without it is what the page needs.
func TestKubernetesExamplesHaveTheSameDaemon(t *testing.T) {
	t.Parallel()
	with := read(t, examples+"kubernetes-web/relay-sync.yaml")
	with = regexp.MustCompile(`(?m)^remote_access:\n(  .*\n)+|^    workflow_files: .*\n`).ReplaceAllString(with, "")
	if with != read(t, examples+"kubernetes/relay-sync.yaml") {
		t.Errorf("the daemon has another configuration:\n%s", with)
	}
}

func TestGuideOfTheWebPageHasValidConfigurations(t *testing.T) {
	t.Parallel()
	found := 0
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(read(t, "../../../docs/guides/web.md"), -1) {
		if !strings.Contains(block[1], "\nweb:") {
			continue
		}
		found++
		path := filepath.Join(t.TempDir(), "web.yaml")
		if err := os.WriteFile(path, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.ReadWeb(path); err != nil {
			t.Error(err)
		}
	}
	if found < 3 {
		t.Errorf("the guide has %d configurations", found)
	}
}
