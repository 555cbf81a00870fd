// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// templateTests has the result of relay-core's own parser (leg/relspec v0.1.0) for each
// text.
var templateTests = []struct{ text, want string }{
	{"plain", ""},
	{"${secrets.foo}", "secrets.foo"},
	{"${ secrets . foo }", "secrets.foo"},
	{"${secrets.a-b}", "secrets.a-b"},
	{"${secrets.a - b}", "secrets.a"},
	{"${secrets.ünï}", "secrets.ünï"},
	{"${secrets.'9lives'}", "secrets.'9lives'"},
	{"${secrets.9lives}", "error"},
	{"${secrets.0}", "secrets.'0'"},
	{"${secrets.007}", "secrets.'7'"},
	{"${secrets.0.5}", "secrets.'0'"},
	{"${secrets[0.5]}", "secrets.'0.5'"},
	{"${secrets.true}", "secrets.true"},
	{"${secrets['a b']}", "secrets.'a b'"},
	{`${secrets["a\tb"]}`, "secrets.'a\tb'"},
	{"${secrets[`a\\b`]}", `secrets.'a\\b'`},
	{`${secrets['it\'s']}`, `secrets.'it\'s'`},
	{`${secrets['\x41']}`, "secrets.A"},
	{"${secrets['a\nb']}", "error"},
	{"${secrets.('a' + 'b')}", "secrets.ab"},
	{"${secrets.(('a'))}", "secrets.a"},
	{"${secrets[1 + 2]}", "secrets[...]"},
	{"${secrets[parameters.p]}", "secrets[...]"},
	{"${secrets[secrets.which]}", "secrets.which secrets[...]"},
	{"${secrets.a.b.c}", "secrets.a"},
	{"${secrets}", "secrets"},
	{"${connections}", "connections"},
	{"${connections.aws}", "connections.aws"},
	{"${connections.aws.'my-account'}", "connections.aws.my-account"},
	{"${connections['k8s']['a b'].token}", "connections.k8s.'a b'"},
	{"${$}", "secrets connections"},
	{"${$.secrets.x}", "secrets.x"},
	{"${$['secrets'].x}", "secrets.x"},
	{"${$[parameters.p].x}", "secrets[...] connections[...]"},
	{"${$ |> secrets.x}", "secrets.x"},
	{"${($) |> $ |> secrets.x}", "secrets.x"},
	{"${secrets |> x}", "secrets"},
	{"${parameters.p |> secrets.x}", ""},
	{"${(parameters.p |> secrets.x) + secrets.y}", "secrets.y"},
	{"${concat('x', secrets.a)}", "secrets.a"},
	{"${merge(objects: [{'a': secrets.a}, secrets.b])}", "secrets.a secrets.b"},
	{"${merge(objects : secrets.a)}", "error"},
	{"${now()}", ""},
	{"${coalesce(secrets.a, 'x')}", "secrets.a?"},
	{"${coalesce(concat(secrets.a), 'x') + secrets.b}", "secrets.a? secrets.b"},
	{"${secrets.a == null && !secrets.b || -secrets.c > ~secrets.d}", "secrets.a secrets.b secrets.c secrets.d"},
	{"${secrets.a==-secrets.b}", "secrets.a secrets.b"},
	{"${secrets.a ?? 'x'}", "error"},
	{"${secrets.a ? 'x' : 'y'}", "error"},
	{"${secrets.a in secrets.b}", "error"},
	{"${secrets.a /* why */ + secrets.b}", "secrets.a secrets.b"},
	{"${secrets.a // why}", "error"},
	{"${secrets.a // why\n}", "secrets.a"},
	{"${[,secrets.a,,secrets.b,]}", "secrets.a secrets.b"},
	{"${secrets.}", "error"},
	{"${}", "error"},
	{"${", "error"},
	{"${secrets.a", "error"},
	{"${secrets.a b}", "error"},
	{"$${secrets.a}", ""},
	{"$$${secrets.a}", "secrets.a"},
	{"$é${secrets.a}", "secrets.a"},
	{`\${secrets.a}`, "secrets.a"},
	{"a ${secrets.a}b$c${secrets.b}$", "secrets.a secrets.b"},
	{"${secrets.a} ${secrets.9}${secrets.9b}", "secrets.a secrets.'9' error"},
	{"${" + strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200) + "}", "error"},
}

func TestTemplatesParseAsInRelay(t *testing.T) {
	t.Parallel()
	for _, tt := range templateTests {
		if got := summary(parseTemplates(tt.text)); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func summary(templates []template) string {
	var words []string
	for _, t := range templates {
		for _, a := range t.accesses {
			refs, _ := a.uses()
			for _, r := range refs {
				word := r.String()
				if r.Optional {
					word += "?"
				}
				words = append(words, word)
			}
		}
		if t.err != nil {
			words = append(words, "error")
		}
	}
	return strings.Join(words, " ")
}

func TestQuotedKeysParseToTheSameName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[^\x00\n]{1,16}`).Filter(utf8.ValidString).Draw(t, "name")
		text := fmt.Sprintf("a ${secrets.%s} b", quoteKey(name))
		templates := parseTemplates(text)
		if len(templates) != 1 || len(templates[0].accesses) != 1 {
			t.Fatalf("%q: %v", text, templates)
		}
		refs, _ := templates[0].accesses[0].uses()
		if diff := cmp.Diff([]Reference{{Kind: Secret, Name: name}}, refs); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	})
}

func TestExpressionErrorsContainNoStrings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"${a 'hunter2'}", `${"hunter2`, "${'hunter2", "${a `hunter2`}", "${a 7002}", "${(a 'hunter2')}"} {
		templates := parseTemplates(text)
		err := templates[0].err
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "7002") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
