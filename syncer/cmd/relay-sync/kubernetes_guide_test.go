// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build kubernetes

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/kubetest"
)

// TestKubernetesManifestsOfTheGuideAreAdmitted applies those of the page "How steps read" whose
// types the API server or a module of this repository has, in a namespace that refuses pods with
// more rights than "restricted". kubectl refuses unknown fields.
func TestKubernetesManifestsOfTheGuideAreAdmitted(t *testing.T) {
	t.Parallel()
	api := kubetest.Start(t)
	api.Namespace(t, "prod")
	api.Kubectl(t, "create", "serviceaccount", "deploy", "--namespace", "prod")
	externalSecretsTypes(t, api)
	page := &reading{firstHour: &firstHour{t: t}}
	applied := map[string]int{}
	for _, document := range page.blocks("") {
		group, _, _ := strings.Cut(str(document["apiVersion"]), "/")
		if group != "batch" && group != "external-secrets.io" {
			continue
		}
		applied[group]++
		text, err := yaml.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := api.Try(t, string(text), "apply", "--filename", "-"); err != nil || strings.Contains(out, "Warning") {
			t.Errorf("%v: %v %s", document["kind"], err, out)
		}
		if group == "batch" {
			podOfJob(t, api, string(text))
		}
	}
	if applied["batch"] != 1 || applied["external-secrets.io"] < 3 {
		t.Errorf("the page has other manifests than expected: %v", applied)
	}
}

func str(x any) string {
	text, _ := x.(string)
	return text
}

// podOfJob creates the pod of a Job, as its controller would.
func podOfJob(t *testing.T, api *kubetest.Cluster, manifest string) {
	t.Helper()
	var job batchv1.Job
	if err := yaml.UnmarshalStrict([]byte(manifest), &job); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: job.Name, Namespace: job.Namespace}, Spec: job.Spec.Template.Spec,
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := api.Try(t, string(text), "create", "--filename", "-"); err != nil || strings.Contains(out, "Warning") {
		t.Errorf("create the pod of the Job %s: %v %s", job.Name, err, out)
	}
}

// externalSecretsTypes adds the types of External Secrets to an API server.
func externalSecretsTypes(t *testing.T, api *kubetest.Cluster) {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "-C", "../../../internal/externalsecrets", "list", "-m", "-f", "{{.Dir}}", "github.com/external-secrets/external-secrets").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secretstores", "externalsecrets"} {
		api.Kubectl(t, "create", "--filename", filepath.Join(strings.TrimSpace(string(folder)), "config/crds/bases/external-secrets.io_"+name+".yaml"))
		api.Kubectl(t, "wait", "--for", "condition=established", "--timeout", "60s", "crd/"+name+".external-secrets.io")
	}
}
