// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build readers

package readers

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
)

func relayStep(w *world) map[string]string {
	return w.each("relay-step", func(name string) []string {
		return []string{"exec", "--workflow", w.workflow, "--env", "V=" + name, "--files", "step", "--", "cat", "step/V"}
	})
}

func relayReader(w *world) map[string]string {
	return relaytest.Start(w, w.vault, w.token).Secrets(w.workflow)
}

func vaultCommand(w *world) map[string]string {
	return w.each("vault", func(name string) []string {
		return []string{"kv", "get", "-mount=customers", "-field=value", "workflows/" + w.workflow + "/" + name}
	})
}

func vals(w *world) map[string]string {
	for name := range values {
		w.write(name+".yaml", "V: ref+vault://"+w.path("", name)+"#/value\n")
	}
	return w.each("vals", valsExec)
}

// valsExec are arguments that print the value to which the reference in a file refers.
func valsExec(name string) []string {
	return []string{"exec", "-i", "-f", name + ".yaml", "--", "sh", "-c", `printf %s "$V"`}
}

// plainTemplate and decodingTemplate are those of the guide; %s is the path.
const (
	plainTemplate    = `{{- with secret "%s" }}{{ .Data.data.value }}{{ end -}}`
	decodingTemplate = `{{- with secret "%s" }}{{ with .Data.data.value }}
  {{- if sprig_hasPrefix "base64:" . }}{{ sprig_trimPrefix "base64:" . | base64Decode }}{{ else }}{{ . }}{{ end }}
{{- end }}{{ end -}}`
)

func consulTemplate(text string) func(*world) map[string]string {
	return func(w *world) map[string]string {
		args := []string{"-once", "-vault-renew-token=false"}
		for name := range values {
			w.write(name+".tmpl", fmt.Sprintf(text, w.path("data/", name)))
			args = append(args, "-template", name+".tmpl:rendered/"+name)
		}
		if _, err := w.run("", "consul-template", args...); err != nil {
			w.Fatal(err)
		}
		return w.files("rendered")
	}
}

// folderTemplate writes a file for each name of the workflow.
const folderTemplate = `{{ range secrets "customers/metadata/workflows/%[1]s" }}{{ $name := . -}}
{{ with secret (printf "customers/data/workflows/%[1]s/%%s" $name) -}}
{{ .Data.data.value | writeToFile (printf "secrets/%%s" $name) "" "" "0600" }}{{ end }}{{ end }}`

func (w *world) renderFolder() error {
	w.Helper()
	if err := os.MkdirAll(filepath.Join(w.dir, "secrets"), 0o700); err != nil {
		w.Fatal(err)
	}
	w.write("all.tmpl", fmt.Sprintf(folderTemplate, w.workflow))
	_, err := w.run("", "consul-template", "-once", "-vault-renew-token=false", "-vault-retry=false", "-template", "all.tmpl:all.done")
	return err
}

func consulTemplateFolder(w *world) map[string]string {
	if err := w.renderFolder(); err != nil {
		w.Fatal(err)
	}
	return w.files("secrets")
}

func vaultAgent(w *world) map[string]string {
	w.write("token", w.token)
	config := "exit_after_auth = true\nauto_auth {\n  method \"token_file\" {\n    config = { token_file_path = \"token\" }\n  }\n}\n"
	for name := range values {
		w.write(name+".tmpl", fmt.Sprintf(plainTemplate, w.path("data/", name)))
		config += fmt.Sprintf("template {\n  source      = %q\n  destination = %q\n}\n", name+".tmpl", "agent/"+name)
	}
	w.write("agent.hcl", config)
	if _, err := w.run("", "vault", "agent", "-config=agent.hcl"); err != nil {
		w.Fatal(err)
	}
	return w.files("agent")
}

func TestReadersReturnValuesByteForByte(t *testing.T) {
	t.Parallel()
	for name, reader := range map[string]struct {
		read    func(*world) map[string]string
		decodes bool
	}{
		"relay-step":                       {relayStep, true},
		"Relay":                            {relayReader, true},
		"vault kv get":                     {vaultCommand, false},
		"vals":                             {vals, false},
		"consul-template":                  {consulTemplate(plainTemplate), false},
		"consul-template, decoding":        {consulTemplate(decodingTemplate), true},
		"consul-template, folder":          {consulTemplateFolder, false},
		"Vault Agent":                      {vaultAgent, false},
		"External Secrets":                 {externalSecretsSingle, false},
		"External Secrets, find, template": {externalSecretsFind, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := w.stored()
			for name, value := range values {
				if slices.Contains(encoded, name) == (want[name] == value) {
					t.Fatalf("Vault has %q for %s", want[name], name)
				}
			}
			if reader.decodes {
				want = maps.Clone(values)
			}
			got := reader.read(w)
			for name := range values {
				if got[name] != want[name] {
					t.Errorf("%s: got %d bytes %.80q, want %d bytes %.80q", name, len(got[name]), got[name], len(want[name]), want[name])
				}
			}
			if len(got) != len(values) {
				t.Errorf("%d secrets, want %d", len(got), len(values))
			}
		})
	}
}

// A name stays in the list after a soft delete.
func TestReadersOfAllSecretsAfterASoftDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vault.SoftDelete(t, w.workflow, "plain")
	if status, _ := w.vault.Call(t, w.token, http.MethodGet, w.path("data/", "plain"), nil); status != http.StatusNotFound {
		t.Fatalf("the deleted secret is read with status %d", status)
	}
	if _, err := w.run("", "relay-step", "exec", "--workflow", w.workflow, "--all", "--files", "step", "--", "cp", "-RL", "step", "copy"); err != nil {
		t.Fatal(err)
	}
	found, err := w.externalSecrets(w.find())
	if err != nil {
		t.Fatal(err)
	}
	for reader, got := range map[string]map[string]string{"relay-step": w.files("copy"), "External Secrets": found, "Relay": relayReader(w)} {
		if _, is := got["plain"]; is || len(got) != len(values)-1 {
			t.Errorf("%s reads %d secrets, want %d", reader, len(got), len(values)-1)
		}
	}
	if err := w.renderFolder(); err == nil {
		t.Error("consul-template renders the folder; the guide states that it fails")
	}
	if _, err := w.run("", "vault", "kv", "get", "-mount=customers", "-field=value", "workflows/"+w.workflow+"/plain"); err == nil || !strings.Contains(err.Error(), "exit status 2") {
		t.Errorf("vault kv get: %v, want exit status 2", err)
	}
	reference := "ref+vault://" + w.path("", "plain") + "#/value"
	w.write("plain.yaml", "V: "+reference+"\n")
	if _, err := w.run("", "vals", valsExec("plain")...); err == nil {
		t.Error("vals exec reads a deleted secret")
	}
	if got, err := w.run("", "vals", "get", reference); got != "<nil>" || err != nil {
		t.Errorf("vals get prints %q, %v; the guide states another result", got, err)
	}
}
