// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"fmt"
	"strings"
	"testing"
)

// targets reads "a b" as secrets of workflow w, "x:a" as one of workflow x, and "aws/a"
// as a connection.
func targets(text string) []Target {
	var out []Target
	for _, word := range strings.Fields(text) {
		t := Target{Secret, "w", word}
		if group, name, found := strings.Cut(word, "/"); found {
			t = Target{Connection, group, name}
		} else if group, name, found := strings.Cut(word, ":"); found {
			t = Target{Secret, group, name}
		}
		out = append(out, t)
	}
	return out
}

// short is the reverse of targets.
func short(targets []Target, separator string) string {
	var out []string
	for _, t := range targets {
		switch {
		case t.Kind == Connection:
			out = append(out, t.String())
		case t.Group == "w":
			out = append(out, t.Name)
		default:
			out = append(out, t.Group+":"+t.Name)
		}
	}
	return strings.Join(out, separator)
}

func TestExistingFindsMissingUnusedAndSimilarNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spec     string
		existing string
		missing  string // name~alike~elsewhere
		unused   string
		alike    string
	}{
		"all exist":       {spec: "${secrets.a} ${secrets.b}", existing: "b a"},
		"missing":         {spec: "${secrets.a}", missing: "a~~"},
		"unused":          {spec: "${secrets.a}", existing: "a c b", unused: "b c"},
		"other case":      {spec: "${secrets.apiToken}", existing: "APITOKEN", missing: "apiToken~APITOKEN~", unused: "APITOKEN"},
		"other dash":      {spec: "${secrets.api_token}", existing: "api-token", missing: "api_token~api-token~", unused: "api-token"},
		"both dashes":     {spec: "${secrets.a_b}", existing: "a_b a-b A_B", unused: "A_B a-b", alike: "A_B,a-b,a_b"},
		"dynamic":         {spec: "${secrets[parameters.x]} ${secrets.z}", existing: "a", missing: "z~~"},
		"all":             {spec: "${secrets}", existing: "a"},
		"all connections": {spec: "${connections}", existing: "a aws/b", unused: "a"},
		"twice in a file": {spec: "${secrets.a}${secrets.a}", missing: "a~~ a~~"},
		"no reference":    {spec: "x", existing: "a a", unused: "a"},
		"other workflow":  {spec: "${secrets.a}", existing: "x:a x:b", missing: "a~~x:a", unused: "x:a x:b"},
		"alike elsewhere": {spec: "${secrets.a}", existing: "a x:A", unused: "x:A"},

		"a connection":          {spec: "${connections.aws.b}", existing: "b aws/b aws/c", unused: "b aws/c"},
		"in brackets":           {spec: "${connections[\"aws\"][\"b c\"]} ${connections.aws.(\"d\" + \"e\")}", existing: "aws/b aws/de", missing: "aws/b c~~", unused: "aws/b"},
		"missing connection":    {spec: "${connections.aws.b}", missing: "aws/b~~"},
		"connection, case":      {spec: "${connections.aws.my-Account}", existing: "aws/my_account", missing: "aws/my-Account~aws/my_account~", unused: "aws/my_account"},
		"type, case":            {spec: "${connections.AWS.b}", existing: "aws/b", missing: "AWS/b~aws/b~", unused: "aws/b"},
		"wrong type":            {spec: "${connections.aws.b}", existing: "gcp/b b", missing: "aws/b~~gcp/b", unused: "b gcp/b"},
		"wrong types and case":  {spec: "${connections.aws.b}", existing: "gcp/B azure/b", missing: "aws/b~~azure/b,gcp/B", unused: "azure/b gcp/B"},
		"connections of a type": {spec: "${connections.aws}", existing: "aws/b gcp/b", unused: "gcp/b"},
		"a name at run time":    {spec: "${connections.aws[parameters.x]}", existing: "aws/b gcp/b", unused: "gcp/b"},
		"a type at run time":    {spec: "${connections[parameters.x].b}", existing: "aws/b gcp/b aws/c", unused: "aws/c"},
		"everything":            {spec: "${$}", existing: "a aws/b"},
		"connections alike":     {spec: "${connections}${secrets}", existing: "aws/a AWS/a aws/A gcp/a", alike: "AWS/a,aws/A,aws/a"},
		"a secret's name":       {spec: "${connections.w.a}", existing: "a", missing: "w/a~~", unused: "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := Read([]byte("steps: [{name: s, spec: '" + tt.spec + "'}]"))
			if err != nil {
				t.Fatal(err)
			}
			existing := NewExisting(targets(tt.existing))
			var missing, alike []string
			for _, m := range existing.Missing(file.In("w")) {
				missing = append(missing, strings.Join([]string{short([]Target{m.Target()}, ""), short(m.Alike, ","), short(m.Elsewhere, ",")}, "~"))
			}
			for _, group := range existing.Alike() {
				alike = append(alike, short(group, ","))
			}
			for what, pair := range map[string][2]string{
				"missing": {tt.missing, strings.Join(missing, " ")},
				"unused":  {tt.unused, short(existing.Unused([]*File{file}), " ")},
				"alike":   {tt.alike, strings.Join(alike, " ")},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: want %q, got %q", what, pair[0], pair[1])
				}
			}
		})
	}
}

// Relay's older forms are the same references.
func TestExistingFindsConnectionsOfTags(t *testing.T) {
	t.Parallel()
	for _, form := range []string{
		"!Connection [aws, prod]", "!Connection {type: aws, name: prod}", "{$type: Connection, name: prod, type: aws}",
		`"${connections.aws.prod.accessKeyID}"`, `"a ${$.connections['aws'].prod} b"`, `!Fn.jsonMarshal [!Connection [aws, prod]]`,
	} {
		file, err := Read([]byte("steps: [{name: s, spec: {aws: {connection: " + form + "}}}]"))
		if err != nil {
			t.Fatal(err)
		}
		missing := NewExisting(targets("aws/Prod gcp/prod")).Missing(file.In("w"))
		if len(missing) != 1 || short(missing[0].Alike, ",") != "aws/Prod" || short(missing[0].Elsewhere, ",") != "gcp/prod" {
			t.Errorf("%s: missing is %+v", form, missing)
		}
		if missing := NewExisting(targets("aws/prod")).Missing(file); len(missing) != 0 {
			t.Errorf("%s: missing is %+v", form, missing)
		}
	}
}

// A connection is unused if no file uses it, and a secret if no file uses it.
func TestUnusedCountsTheReferencesOfAllFiles(t *testing.T) {
	t.Parallel()
	var files []*File
	for _, spec := range []string{"${secrets.a}${connections.aws.one}", "${secrets.b}${connections.aws.two}"} {
		file, err := Read([]byte("steps: [{spec: '" + spec + "'}]"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file.In(fmt.Sprint(len(files))))
	}
	existing := NewExisting(targets("0:a 0:b 1:b aws/one aws/two aws/three"))
	if got := short(existing.Unused(files), " "); got != "0:b aws/three" {
		t.Errorf("unused is %q", got)
	}
}

func TestMissingListsFewOfManyOtherGroups(t *testing.T) {
	t.Parallel()
	file, err := Read([]byte("steps: [{spec: '${secrets.a}'}]"))
	if err != nil {
		t.Fatal(err)
	}
	var many []Target
	for i := range 100 {
		many = append(many, Target{Secret, fmt.Sprint(i), "a"})
	}
	if m := NewExisting(many).Missing(file.In("w")); len(m) != 1 || len(m[0].Elsewhere) != maxElsewhere {
		t.Errorf("missing is %+v", m)
	}
}

// What ni reads in a field is of one type.
func TestReadWarnsOfAConnectionOfAnotherTypeThanItsField(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"aws: {connection: '${connections.aws.a}'}":                      "",
		"aws: {connection: '${connections.gcp.a}'}":                      "spec.aws.connection: ni reads a connection of type aws here, and this one is of type gcp",
		"aws: !Connection [gcp, a]":                                      "spec.aws: ni reads a connection of type aws here, and this one is of type gcp",
		"google: {connection: '${connections.gcp[x]}'}":                  "",
		"google: {connection: '${connections.google.a}'}":                "spec.google.connection: ni reads a connection of type gcp here, and this one is of type google",
		"cluster: {connection: '${connections.aws.a.token}'}":            "spec.cluster.connection: ni reads a connection of type kubernetes here, and this one is of type aws",
		"git: {connection: '${connections[parameters.x].a}'}":            "",
		"azure: {connection: {$type: Connection, name: a, type: Azure}}": "spec.azure.connection: ni reads a connection of type azure here, and this one is of type Azure",
		"own: {connection: '${connections.gcp.a}'}":                      "",
		"aws: {region: '${secrets.a}'}":                                  "",
	}
	for spec, want := range tests {
		file, err := Read([]byte("steps: [{name: s, spec: {" + strings.ReplaceAll(spec, "[x]", "[parameters.x]") + "}}]"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range file.Warnings {
			got = append(got, w.Text)
		}
		if strings.Join(got, ";") != want || len(file.Problems) > 0 {
			t.Errorf("%s: got %q and %v, want %q", spec, got, file.Problems, want)
		}
	}
}
