// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

const examples = "../../../examples/relay-sync/"

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkCommandLine fails for a command line that relay-sync rejects.
func checkCommandLine(t *testing.T, args []string) {
	t.Helper()
	found, rest, err := newOptions(&bytes.Buffer{}, &bytes.Buffer{}).rootCommand().Find(args)
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err != nil || !found.Runnable() {
		t.Errorf("relay-sync %s: %v", strings.Join(args, " "), err)
	}
}

func TestSystemdUnitFitsItsConfiguration(t *testing.T) {
	t.Parallel()
	unit, text := read(t, examples+"systemd/relay-sync.service"), read(t, examples+"systemd/relay-sync.yaml")
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/relay-sync (.*)$`).FindStringSubmatch(unit)
	if start == nil {
		t.Fatal("the unit does not start relay-sync")
	}
	checkCommandLine(t, strings.Fields(start[1]))
	if _, err := config.Read(examples + "systemd/relay-sync.yaml"); err != nil {
		t.Error(err)
	}
	wanted := regexp.MustCompile(`/run/credentials/relay-sync\.service/([^\s,\]]+)`).FindAllStringSubmatch(text, -1)
	if len(wanted) == 0 {
		t.Error("the configuration uses no systemd credential")
	}
	for _, credential := range wanted {
		if !strings.Contains(unit, "\nLoadCredential="+credential[1]+":") {
			t.Errorf("the configuration uses the credential %s, which the unit does not load", credential[1])
		}
	}
}

// runPlanJob runs the commands of the plan job in a clone, as a runner does. The identity
// token is a token of Vault.
func runPlanJob(t *testing.T, dir, token string) (summary, printed string, err error) {
	t.Helper()
	programs, file := t.TempDir(), filepath.Join(t.TempDir(), "summary")
	stub := func(name, script string) {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	stub("go", "exit 0")
	stub("curl", `echo '{"value":"`+token+`"}'`)
	stub("jq", `sed 's/.*"value":"\([^"]*\)".*/\1/'`)
	for _, step := range ciJobs(t, dir)["plan"].Steps {
		if step.Run == "" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.Run)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + programs + ":" + os.Getenv("PATH"), "HOME=" + programs, "GITHUB_STEP_SUMMARY=" + file}
		out, failed := cmd.CombinedOutput()
		printed += string(out)
		if failed != nil {
			err = fmt.Errorf("%s: %w", step.Run, failed)
			break
		}
	}
	if data, err := os.ReadFile(file); err == nil {
		summary = string(data)
	}
	return summary, printed, err
}

// ciJob is a job of the CI of the example repository.
type ciJob struct {
	Steps []struct {
		Uses, Run string
		With      map[string]any
	}
}

func ciJobs(t *testing.T, repository string) map[string]ciJob {
	t.Helper()
	var workflow struct{ Jobs map[string]ciJob }
	if err := yaml.Unmarshal([]byte(read(t, repository+"/.github/workflows/secrets.yaml")), &workflow); err != nil {
		t.Fatal(err)
	}
	return workflow.Jobs
}

func TestExampleCIJobUsesValidCommands(t *testing.T) {
	t.Parallel()
	job := read(t, examples+"repository/.github/workflows/secrets.yaml")
	lines := regexp.MustCompile(`(?m)run: .*\brelay-sync ([a-z]+(?: --[a-z=-]+)*)`).FindAllStringSubmatch(job, -1)
	if len(lines) < 2 {
		t.Errorf("the job runs relay-sync %d times", len(lines))
	}
	for _, line := range lines {
		checkCommandLine(t, strings.Fields(line[1]))
	}
}

// TestExampleCIJobVerifiesWhateverFilesAreCalled runs the step of the example, as a runner does, on names
// that a pull request may choose.
func TestExampleCIJobVerifiesWhateverFilesAreCalled(t *testing.T) {
	t.Parallel()
	step := regexp.MustCompile(`(?m)run: (.*relay-sync verify.*)$`).FindStringSubmatch(read(t, examples+"repository/.github/workflows/secrets.yaml"))
	if step == nil {
		t.Fatal("no step verifies")
	}
	for _, name := range append(hostileNames, "deploy.yaml") {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "secrets", "platform"), 0o700); err != nil {
			t.Fatal(err)
		}
		plain := "workflows:\n  deploy:\n    password: not-encrypted\n"
		if err := os.WriteFile(filepath.Join(dir, "secrets", "platform", name), []byte(plain), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"git init --quiet", "git add .", step[1]} {
			cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", command)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
			out, err := cmd.CombinedOutput()
			if refused := err != nil; refused != (command == step[1]) || refused && !strings.Contains(string(out), "1 refused") {
				t.Errorf("%q: %s: %v: %s", name, command, err, out)
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
			t.Errorf("%q ran a command", name)
		}
	}
}

// In a shallow clone the ancestry of the commits in the records is unknown.
func TestExampleCIJobPlansWithTheWholeHistory(t *testing.T) {
	t.Parallel()
	plans := 0
	for name, job := range ciJobs(t, examples+"repository") {
		whole := false
		for _, step := range job.Steps {
			depth, set := step.With["fetch-depth"]
			whole = whole || strings.HasPrefix(step.Uses, "actions/checkout") && set && depth == float64(0)
			if strings.HasPrefix(step.Run, "relay-sync plan") {
				if plans++; !whole {
					t.Errorf("job %s plans in a shallow clone", name)
				}
			}
		}
	}
	if plans == 0 {
		t.Error("no job plans")
	}
}

func TestExampleOfRemotesIsValid(t *testing.T) {
	t.Parallel()
	if _, err := config.Read(examples + "remote.yaml"); err != nil {
		t.Error(err)
	}
}

// TestKubernetesManifestsAreValid parses the manifests strictly, as an API server
// does, and compares what they mount with what the configuration names.
func TestKubernetesManifestsAreValid(t *testing.T) {
	t.Parallel()
	var deployment appsv1.Deployment
	kinds := map[string]any{
		"Deployment": &deployment, "PodDisruptionBudget": &policyv1.PodDisruptionBudget{}, "NetworkPolicy": &networkingv1.NetworkPolicy{},
		"ServiceAccount": &corev1.ServiceAccount{}, "Role": &rbacv1.Role{}, "RoleBinding": &rbacv1.RoleBinding{},
	}
	for _, file := range []string{"rbac.yaml", "deployment.yaml", "network-policy.yaml"} {
		for document := range strings.SplitSeq(read(t, examples+"kubernetes/"+file), "\n---\n") {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if err := yaml.UnmarshalStrict([]byte(document), kinds[kind.Kind]); err != nil {
				t.Errorf("%s: %s: %v", file, kind.Kind, err)
			}
			delete(kinds, kind.Kind)
		}
	}
	if len(kinds) > 0 {
		t.Errorf("kinds without a manifest: %v", kinds)
	}

	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	checkCommandLine(t, container.Args)
	if inside := container.SecurityContext; !*pod.SecurityContext.RunAsNonRoot || !*inside.ReadOnlyRootFilesystem || *inside.AllowPrivilegeEscalation || len(inside.Capabilities.Drop) == 0 {
		t.Error("the pod has more permissions than it needs")
	}
	cfg, err := config.Read(examples + "kubernetes/relay-sync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The root file system is read-only, and a file would be lost with the pod.
	if cfg.Audit != auditfile.Stdout {
		t.Errorf("the audit lines go to %s, not to standard output", cfg.Audit)
	}
	text := read(t, examples+"kubernetes/relay-sync.yaml")
	for _, path := range regexp.MustCompile(`(?m)[ \[](/[a-z/_.-]+)`).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return strings.HasPrefix(path[1], m.MountPath+"/") }) {
			t.Errorf("the configuration names %s, where nothing is mounted", path[1])
		}
	}
	// The kubelet evicts a pod whose volume is full. A mirror that is built again takes half
	// of max_mib.
	mirrors := int64(0)
	for _, source := range cfg.Sources {
		mirrors += cmp.Or(source.Remote.MaxMiB, 2048) << 20
	}
	state := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == "state" })
	if size := pod.Volumes[state].EmptyDir.SizeLimit.Value(); mirrors+mirrors/10 > size {
		t.Errorf("mirrors take up to %d bytes and a tenth more, and their volume has %d", mirrors, size)
	}
}
