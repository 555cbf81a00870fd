// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/relay-secrets/terraform-provider-relay/internal/certtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/kubetest"
)

// make kubernetes-check runs the page "How steps read" with a real API server, and the programs
// of the comments in examples.
func init() {
	startCluster = func(t *testing.T) cluster {
		api := kubetest.Start(t)
		for _, namespace := range []string{"prod", "other"} {
			api.Namespace(t, namespace)
			for _, account := range []string{"deploy", "other"} {
				api.Kubectl(t, "create", "serviceaccount", account, "--namespace", namespace)
			}
		}
		return cluster{api.URL, api.CA, reviewer(t, api), func(namespace, account, audience string) string {
			return api.Token(t, namespace, account, audience)
		}}
	}
	guidePrograms["kubectl"] = "kubectl"
}

// reviewer is a token with the cluster role that the page names.
func reviewer(t *testing.T, api *kubetest.Cluster) string {
	t.Helper()
	api.Namespace(t, "vault")
	api.Kubectl(t, "create", "serviceaccount", "reviewer", "--namespace", "vault")
	api.Kubectl(t, "create", "clusterrolebinding", "reviewer", "--clusterrole", "system:auth-delegator", "--serviceaccount", "vault:reviewer")
	return api.Token(t, "vault", "reviewer", "")
}

// commented are the commands in the comments of a file.
func commented(t *testing.T, file string) string {
	t.Helper()
	var lines []string
	for _, found := range regexp.MustCompile(`(?m)^#   (.*)$`).FindAllStringSubmatch(read(t, file), -1) {
		lines = append(lines, found[1])
	}
	return strings.Join(lines, "\n")
}

// example is a Vault with the logins of an API server, and examples that are applied there, in a
// namespace that refuses pods with more rights than "restricted".
type example struct {
	*firstHour
	api *kubetest.Cluster
}

// repositoryOfPlatform makes the key and the repository that the examples name.
const repositoryOfPlatform = `age-keygen -o platform.age
git init -q -b main srv/platform
mkdir srv/platform/secrets
echo 'workflows: {deploy-production: {registry_password: one}}' > srv/platform/secrets/deploy.yaml
sops encrypt --age "$(age-keygen -y platform.age)" --in-place srv/platform/secrets/deploy.yaml
git -C srv/platform add .
git -C srv/platform commit -q -m one
`

func newExample(t *testing.T) *example {
	t.Helper()
	e := &example{newFirstHour(t), kubetest.Start(t)}
	for name, content := range map[string]string{
		"kubernetes-ca.crt": e.api.CA, "reviewer.jwt": reviewer(t, e.api), "ssh_key": "k\n", "known_hosts": "h\n",
	} {
		e.write(name, content)
	}
	certtest.Write(t, filepath.Join(e.dir, "tls.crt"), filepath.Join(e.dir, "tls.key"))
	e.write("ca.crt", read(t, filepath.Join(e.dir, "tls.crt")))
	e.run(repositoryOfPlatform + "vault secrets enable -path=customers -version=2 kv\n" +
		strings.ReplaceAll(e.script("how-steps-read", "Kubernetes"), "https://kubernetes.example.com:6443", e.api.URL))
	return e
}

// apply runs the commands in the comments of an example.
func (e *example) apply(folder string) {
	e.t.Helper()
	path, err := filepath.Abs(examples + folder)
	if err != nil {
		e.t.Fatal(err)
	}
	script := strings.NewReplacer("apply -k .", "apply -k "+path,
		"create namespace relay-sync", "create namespace relay-sync\n"+
			"kubectl label namespace relay-sync pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted",
	).Replace(commented(e.t, path+"/kustomization.yaml"))
	if out := e.run("export KUBECONFIG=" + e.api.Administrator() + "\n" + script); strings.Contains(out, "Warning") {
		e.t.Errorf("%s: %s", folder, out)
	}
}

// get reads an object of the namespace.
func (e *example) get(kind, name string, to any) {
	e.t.Helper()
	if err := json.Unmarshal([]byte(e.api.Kubectl(e.t, "get", kind, name, "--namespace", "relay-sync", "--output", "json")), to); err != nil {
		e.t.Fatal(err)
	}
}

// pod creates a pod of a Deployment, as its controller would.
func (e *example) pod(deployment string) corev1.PodSpec {
	e.t.Helper()
	var found appsv1.Deployment
	e.get("deployment", deployment, &found)
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{GenerateName: deployment + "-", Namespace: "relay-sync", Labels: found.Spec.Template.Labels},
		Spec:       found.Spec.Template.Spec,
	}
	text, err := json.Marshal(pod)
	if err != nil {
		e.t.Fatal(err)
	}
	out, err := e.api.Try(e.t, string(text), "create", "--filename", "-")
	if err != nil || strings.Contains(out, "Warning") {
		e.t.Errorf("create a pod of %s: %v %s", deployment, err, out)
	}
	return pod.Spec
}

// TestKubernetesExamplesAreApplied runs what the comments of both examples advise.
func TestKubernetesExamplesAreApplied(t *testing.T) {
	t.Parallel()
	e := newExample(t)
	e.apply("kubernetes")
	e.api.Kubectl(t, "create", "serviceaccount", "default", "--namespace", "relay-sync") // a controller would
	pod := e.pod("relay-sync")
	for action, want := range map[string]string{
		"get leases/relay-sync": "yes", "update leases/relay-sync": "yes", "create leases": "yes",
		"get leases/other": "no", "delete leases/relay-sync": "no", "list leases": "no", "get secrets": "no", "get configmaps": "no", "create pods": "no",
	} {
		args := append([]string{"auth", "can-i"}, strings.Fields(action)...)
		out, _ := e.api.Try(t, "", append(args, "--namespace", "relay-sync", "--as", "system:serviceaccount:relay-sync:"+pod.ServiceAccountName)...) // "no" is an error
		if got := strings.HasPrefix(out, "yes"); got != (want == "yes") {
			t.Errorf("the service account may %s: %v", action, got)
		}
	}
	leads := func() string {
		return e.api.Kubectl(t, "get", "lease", "relay-sync", "--namespace", "relay-sync", "--output", "jsonpath={.spec.holderIdentity}")
	}
	applied := func() {
		t.Helper()
		if got, _ := e.vault.ReadAs(t, e.admin, "deploy-production", "registry_password"); got != "one" || leads() == "" {
			t.Errorf("the secret is %q, the leader %q", got, leads())
		}
	}
	e.becomesReady(pod, "ok\n", applied)
	if leads() != "" {
		t.Error("the lease is not released")
	}

	e.apply("kubernetes-web")
	e.becomesReady(e.pod("relay-sync"), "ok\n", applied)
	e.becomesReady(e.pod("relay-sync-web"), "ok\n", func() {})
	for _, service := range []string{"relay-sync", "relay-sync-web"} {
		var found corev1.Service
		e.get("service", service, &found)
		selector := metav1.FormatLabelSelector(metav1.SetAsLabelSelector(found.Spec.Selector))
		if pods := e.api.Kubectl(t, "get", "pods", "--namespace", "relay-sync", "--selector", selector, "--output", "name"); !strings.Contains(pods, "pod/"+service+"-") {
			t.Errorf("the Service %s selects %q", service, pods)
		}
	}
}
