// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var customers = Layout{Mount: "customers", Prefix: "workflows"}

func TestFormatIsThatOfTheNameOrOfTheKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, data string
		want       Format
	}{
		{"a.yaml", "steps: []", Relay},
		{"a.yaml", "apiVersion: v1\ndeploy: {script: x}", Relay},
		{".github/workflows/a.yml", "jobs: {}", GitHub},
		{"repo/.github/workflows/a.yaml", "jobs: {}", GitHub},
		{"actions/vault/action.yml", "runs: {using: composite, steps: []}", GitHub},
		{"a.yaml", "on: push\njobs: {}", GitHub},
		{".gitlab-ci.yml", "a: 1", GitLab},
		{"ci/deploy.gitlab-ci.yaml", "a: 1", GitLab},
		{".gitlab/ci/deploy.yml", "a: 1", GitLab},
		{"ci/deploy.yml", "deploy: {script: make}", GitLab},
		{"ci/deploy.yml", ".vault: {secrets: {}}", GitLab},
		{"ci/deploy.yml", "stages: [a]", GitLab},
	}
	for _, tt := range tests {
		file, err := ReadAny(tt.name, []byte(tt.data), customers)
		if err != nil || file.Format != tt.want {
			t.Errorf("%s, %q: got %+v, %v", tt.name, tt.data, file, err)
		}
	}
	for name, data := range map[string]string{
		".github/workflows/a.yml": "steps: []", "a.yaml": "workflows: {a: {b: ENC}}", "b.yaml": "- jobs", ".gitlab-ci.yml": "[",
	} {
		if file, err := ReadAny(name, []byte(data), customers); err == nil {
			t.Errorf("%s, %q: got %+v", name, data, file)
		}
	}
}

// listed is one line for each reference, problem and warning.
func listed(t *testing.T, name, data string, layout Layout) string {
	t.Helper()
	file, err := ReadAny(name, []byte(data), layout)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	var b strings.Builder
	for _, r := range file.References {
		fmt.Fprintf(&b, "%d:%d %s %s %s", r.Line, r.Column, r.User, r.Field, r.Target())
		if r.Dynamic {
			b.WriteString(" dynamic")
		}
		if r.Optional {
			b.WriteString(" optional")
		}
		b.WriteByte('\n')
	}
	for _, p := range file.Problems {
		fmt.Fprintf(&b, "x %s\n", p)
	}
	for _, w := range file.Warnings {
		fmt.Fprintf(&b, "! %s\n", w)
	}
	if file.Others > 0 {
		fmt.Fprintf(&b, "others: %d\n", file.Others)
	}
	return b.String()
}

func TestReadAnyFindsTheSecretsOfVaultAction(t *testing.T) {
	t.Parallel()
	const data = `on: push
env: {NOT_READ: "vault kv get -mount=customers workflows/x/y"}
jobs:
  build:
    steps:
      - uses: actions/checkout@v4
        with: {secrets: "customers/data/workflows/a/not_vault value"}
      - name: secrets
        uses: HashiCorp/vault-action@v3
        with:
          url: https://vault
          Secrets: |
            customers/data/workflows/deploy/registry_password value | REGISTRY_PASSWORD ;

              customers/data/workflows/deploy/signing%20key "value" | SIGNING_KEY;
            secret/data/ci token | TOKEN ; customers/data/workflows/é/two value | É ; customers/data/workflows/deploy/three?version=2 value
            ;
      - uses: hashicorp/vault-action@1d767e3957a4a4bc8d4a1ce1fb0f1d3b8e3aea9c # v3
        with: {ignoreNotFound: true, secrets: customers/data/workflows/deploy/maybe value | MAYBE}
  other:
    uses: ./.github/workflows/reusable.yml
    with: {path: customers/data/workflows/deploy/handed_on}
`
	want := `13:13 job build steps[1].with.secrets deploy/registry_password
15:15 job build steps[1].with.secrets deploy/signing key
16:44 job build steps[1].with.secrets é/two
16:87 job build steps[1].with.secrets deploy/three
19:47 job build steps[2].with.secrets deploy/maybe optional
! line 2: this text contains a path of secrets, which is not checked: only the input secrets of hashicorp/vault-action is read
! line 7: this text contains a path of secrets, which is not checked: only the input secrets of hashicorp/vault-action is read
! line 22: this text contains a path of secrets, which is not checked: only the input secrets of hashicorp/vault-action is read
others: 1
`
	if diff := cmp.Diff(want, listed(t, ".github/workflows/a.yml", data, customers)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadAnyJudgesTheRequestsOfVaultAction(t *testing.T) {
	t.Parallel()
	const (
		notChecked = "! line 1: job j: this path contains an expression or a variable: the secret is not checked\n"
		invalid    = "x line 1: job j: invalid secrets: must be PATH KEY | NAME, with a semicolon between two of them\n"
		found      = "1:70 job j steps[0].with.secrets "
		connection = "! line 1: job j: a connection cannot be read by its path, which contains only the id of its fields: this reference is not checked\n"
	)
	team := Layout{Namespace: "team", Mount: "kv/x", Prefix: "a/b"}
	tests := map[string]struct {
		secrets string
		with    string
		layout  Layout
		want    string
	}{
		"no name":          {secrets: "customers/data/workflows/w/a value", want: found + "w/a\n"},
		"expression":       {secrets: "customers/data/workflows/w/${{ inputs.name }} value | A", want: found + "w/ dynamic\n" + notChecked},
		"in the workflow":  {secrets: "customers/data/workflows/w-${{ a || 'b;|' }}/n value | A", want: found + "/n dynamic\n" + notChecked},
		"both":             {secrets: "customers/data/workflows/${{ inputs.path }} value", want: found + "/ dynamic\n" + notChecked},
		"mount":            {secrets: "${{ env.MOUNT }}/data/workflows/w/a value", want: found + "/ dynamic\n" + notChecked},
		"other mount":      {secrets: "secret/data/${{ inputs.path }} value", want: "others: 1\n"},
		"a wrong mount":    {secrets: "customer/data/workflows/w/a value", want: "others: 1\n"},
		"all":              {secrets: "${{ inputs.secrets }}", want: found + "/ dynamic\n! line 1: job j: the expression may contain paths of secrets: they are not checked\n"},
		"name":             {secrets: "customers/data/workflows/w/a value | ${{ inputs.name }}", want: found + "w/a\n"},
		"key":              {secrets: "customers/data/workflows/w/a password | A", want: found + "w/a\nx line 1: job j: unknown key \"password\": a secret has only the key value\n"},
		"json":             {secrets: "customers/data/workflows/w/a value.$base64decode($) | A", want: found + "w/a\n"},
		"no data":          {secrets: "customers/workflows/w/a value | A", want: found + "w/a\nx line 1: job j: the path of a secret has data/ behind the mount: customers/data/workflows/...\n"},
		"no secret":        {secrets: "customers/data/workflows/w value | A", want: "x line 1: job j: the path of a secret is required: it ends after the workflow\n"},
		"nested":           {secrets: "customers/data/workflows/w/a/b value | A", want: found + "w/a/b\n"},
		"no key":           {secrets: "customers/data/workflows/w/a | A", want: invalid},
		"empty name":       {secrets: "customers/data/workflows/w/a value |", want: invalid},
		"no semicolon":     {secrets: "customers/data/workflows/w/a value | A customers/data/workflows/w/b value | B", want: invalid},
		"connection":       {secrets: "customers/data/connections/acme/aws/main value | ID", want: connection},
		"wildcard":         {secrets: "customers/data/workflows/w/a * | A_ ; customers/data/workflows/w/b * | B_", want: found + "w/a\n" + found + "w/b\n! line 1: job j: the name of the value is VALUE with this wildcard, the same for each secret; write value | NAME\n"},
		"same names":       {secrets: "customers/data/workflows/w/a value ; customers/data/workflows/w/b value", want: found + "w/a\n" + found + "w/b\n! line 1: job j: duplicate name VALUE, as in line 1: only one of the values is available; write value | NAME\n"},
		"namespace":        {secrets: "kv/x/data/a/b/w/a value ; team/kv/x/data/a/b/w/b value | B", with: "namespace: team/, ", layout: team, want: found + "w/a\n" + found + "w/b\n"},
		"other namespace":  {secrets: "kv/x/data/a/b/w/a value", with: "namespace: other, ", layout: team, want: "others: 1\n"},
		"unknown one":      {secrets: "kv/x/data/a/b/w/a value", with: "namespace: '${{ vars.NS }}', ", layout: team, want: found + "w/a\n"},
		"not found is ok":  {secrets: "customers/data/workflows/w/a value", with: "ignoreNotFound: 'false', ", want: found + "w/a\n"},
		"terminal escapes": {secrets: "customers/data/workflows/w/a value | \\e[31m ; customers/data/workflows/w/b value | \\e[31m", want: found + "w/a\n" + found + "w/b\n! line 1: job j: duplicate name \"\\x1b[31m\", as in line 1: only one of the values is available; write value | NAME\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.layout == (Layout{}) {
				tt.layout = customers
			}
			data := fmt.Sprintf("jobs: {j: {steps: [{uses: hashicorp/vault-action@v3, with: {secrets: \"%s\", %s}}]}}", tt.secrets, tt.with)
			if diff := cmp.Diff(tt.want, listed(t, "a.yml", data, tt.layout)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", data, diff)
			}
		})
	}
}

func TestReadAnyFindsTheSecretsOfGitLabJobs(t *testing.T) {
	t.Parallel()
	const data = `spec: {inputs: {stage: {default: x}}}
---
include: [{local: ci/other.yml}]
.vault: &vault
  secrets:
    TOKEN: {vault: workflows/deploy/api_token/value@customers, file: false}
deploy:
  extends: .vault
  script: [vault kv get -mount=customers workflows/deploy/by_script]
  secrets:
    PASSWORD:
      vault:
        engine: {name: kv-v2, path: customers}
        path: workflows/deploy/registry_password
        field: value
    HOME: {vault: "workflows/deploy/JSON@home/value@customers/"}
    OTHER: {vault: ops/production/db/password@ops}
    CLOUD: {azure_key_vault: {name: a}}
    HERE: !reference [.vault, secrets, TOKEN]
    THERE: !reference [.elsewhere, secrets, TOKEN]
merged:
  <<: *vault
`
	want := `6:20 job .vault secrets.TOKEN.vault deploy/api_token
6:20 job merged secrets.TOKEN.vault deploy/api_token
13:9 job deploy secrets.PASSWORD.vault deploy/registry_password
16:19 job deploy secrets.HOME.vault deploy/JSON@home
! line 3: included files are not read: pass them with --workflows, too
! line 9: this text contains a path of secrets, which is not checked: only the keyword secrets:vault of jobs is read
! line 20: job deploy: this !reference is to another file: pass that file with --workflows, too
others: 1
`
	if diff := cmp.Diff(want, listed(t, ".gitlab-ci.yml", data, customers)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadAnyJudgesTheSecretsOfGitLabJobs(t *testing.T) {
	t.Parallel()
	const (
		notChecked = "! line 1: job j: this path contains an expression or a variable: the secret is not checked\n"
		found      = "1:28 job j secrets.A.vault "
	)
	tests := map[string]struct{ vault, want string }{
		"variable":         {`workflows/$WORKFLOW/a/value@customers`, found + "/a dynamic\n" + notChecked},
		"in the name":      {`"workflows/w/${NAME}_x/value@customers"`, found + "w/ dynamic\n" + notChecked},
		"input":            {`'workflows/w/$[[ inputs.a/b ]]/value@customers'`, found + "w/ dynamic\n" + notChecked},
		"whole":            {`$SECRET_PATH`, found + "/ dynamic\n" + notChecked},
		"mount":            {`workflows/w/a/value@$MOUNT`, found + "w/a\n"},
		"field":            {`workflows/w/a/password@customers`, found + "w/a\nx line 1: job j: unknown key \"password\": a secret has only the key value\n"},
		"unknown field":    {`workflows/w/a/$FIELD@customers`, found + "w/ dynamic\n" + notChecked},
		"no mount":         {`workflows/w/a/value`, "! line 1: job j: this reads the mount kv-v2: for a secret write path/value@customers, or engine.path customers\nothers: 1\n"},
		"data":             {`data/workflows/w/a/value@customers`, found + "w/a\nx line 1: job j: the path of a secret begins with workflows/: GitLab adds data/\n"},
		"no name":          {`workflows/w/value@customers`, "x line 1: job j: the path of a secret is required: it ends after the workflow\n"},
		"other prefix":     {`other/w/a/value@customers`, "others: 1\n"},
		"connection":       {`connections/acme/aws/main/value@customers`, "! line 1: job j: a connection cannot be read by its path, which contains only the id of its fields: this reference is not checked\n"},
		"object":           {`{engine: {name: kv-v2, path: customers}, path: workflows/w/a, field: value}`, found + "w/a\n"},
		"object, variable": {`{engine: {name: kv-v2, path: customers}, path: workflows/w/$A, field: $F}`, found + "w/ dynamic\n" + notChecked},
		"object, kv-v1":    {`{engine: {name: kv-v1, path: customers}, path: workflows/w/a, field: value}`, found + "w/a\nx line 1: job j: engine.name must be kv-v2\n"},
		"object, no field": {`{engine: {name: kv-v2, path: customers}, path: workflows/w/a}`, found + "w/a\nx line 1: job j: the field is required: value\n"},
		"object, no mount": {`{path: workflows/w/a, field: value}`, "! line 1: job j: this reads the mount kv-v2: for a secret write path/value@customers, or engine.path customers\nothers: 1\n"},
		"list":             {`[workflows/w/a/value@customers]`, "x line 1: job j: invalid vault: must be path/field@mount, or a mapping with engine, path and field\n! line 1: this text contains a path of secrets, which is not checked: only the keyword secrets:vault of jobs is read\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := "j: {secrets: {A: { vault:  " + tt.vault + "}}}"
			if diff := cmp.Diff(tt.want, listed(t, ".gitlab-ci.yml", data, customers)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", data, diff)
			}
		})
	}
}

// Files of CI systems have the bounds of Relay's.
func TestReadAnyRefusesHostileFiles(t *testing.T) {
	t.Parallel()
	const most = MaxBytes - 200
	aliases := "\n" + `a%[1]d: &a%[1]d [*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d]`
	expanded := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]"
	for i := 1; i <= 12; i++ {
		expanded += fmt.Sprintf(aliases, i, i-1)
	}
	step := "- &s {uses: hashicorp/vault-action@v3, with: {secrets: &t '" + strings.Repeat("x ", 1<<18) + "'}}\n"
	fill := func(head, piece, tail string) string {
		return head + strings.Repeat(piece, (most-len(head)-len(tail))/len(piece)) + tail
	}
	const vault = "jobs: {j: {steps: [{uses: hashicorp/vault-action@v3, with: {secrets: "
	tests := map[string]struct{ name, data, want string }{
		"a bomb":               {"a.yml", expanded + "\njobs: {j: *a12}", ""},
		"a bomb of steps":      {"a.yml", "jobs: {j: {steps: [\n" + step[2:len(step)-1] + strings.Repeat(", *s", 100) + "]}}", "too large with its aliases expanded"},
		"a bomb of jobs":       {".gitlab-ci.yml", expanded + "\nj: {script: *a12}", ""},
		"an own alias":         {".gitlab-ci.yml", "j: &j {secrets: {A: {vault: *j}}}", ""},
		"many requests":        {"a.yml", fill(vault+"'", "customers/data/workflows/é/a value;", "'}}]}}"), ""},
		"a literal line":       {"a.yml", fill("jobs:\n j:\n  steps:\n  - uses: hashicorp/vault-action@v3\n    with:\n     secrets: |\n      ", "customers/data/workflows/é/a value;", "\n"), ""},
		"literal spaces":       {"a.yml", "jobs:\n j:\n  steps:\n  - uses: hashicorp/vault-action@v3\n    with:\n     secrets: |\n      a b" + strings.Repeat(" ", 1<<19) + strings.Repeat(";a b", 1<<16), ""},
		"open expressions":     {"a.yml", fill(vault+"'", "${{ ", "'}}]}}"), ""},
		"many variables":       {".gitlab-ci.yml", fill("j: {secrets: {A: {vault: '", "$A/", "'}}}"), ""},
		"many jobs":            {".gitlab-ci.yml", fill("", "?: {secrets: {A: {vault: a}}}\n"[2:], ""), ""},
		"many merges":          {".gitlab-ci.yml", "a: &a {" + wide(2000) + "}\nj: {<<: [" + strings.Repeat("*a,", 5000) + "]}", "too large with its aliases expanded"},
		"many mentioned paths": {"a.yml", fill("jobs: {}\nx: [", "customers/data/workflows/a,", "]"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := ReadAny(tt.name, []byte(tt.data), customers)
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %v", took)
			}
		})
	}
}

// The guide shows the forms that are read.
func TestReadAnyReadsTheStepsOfTheGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/guides/relay-sync.md")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)  ```yaml\n(.*?)  ```\n").FindAllStringSubmatch(string(guide), -1) {
		switch text := block[1]; {
		case strings.Contains(text, "vault-action"):
			read["GitHub"] = listed(t, "a.yml", "jobs:\n j:\n  steps:\n"+text, customers)
		case strings.Contains(text, "vault:"):
			read["GitLab"] = listed(t, "a.yml", "j:\n"+text, customers)
		}
	}
	want := map[string]string{
		"GitHub": "7:9 job j steps[0].with.secrets deploy-production/registry_password\n8:9 job j steps[0].with.secrets deploy-production/signing_key\n",
		"GitLab": "4:14 job j secrets.REGISTRY_PASSWORD.vault deploy-production/registry_password\n",
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
