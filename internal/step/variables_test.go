// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestVariableName(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"api_token": "API_TOKEN", "db.password": "DB_PASSWORD", "AWS-key@prod 2": "AWS_KEY_PROD_2", "2fa": "_2FA",
		"übung": "_BUNG", "slack:webhook": "SLACK_WEBHOOK", "a\xffb": "A_B", "database/password": "DATABASE_PASSWORD", "ſ": "_",
	} {
		if got := VariableName(secret); got != want || !variableName.MatchString(got) {
			t.Errorf("%q: got %s, want %s", secret, got, want)
		}
	}
}

func TestParseAssignments(t *testing.T) {
	t.Parallel()
	got, err := ParseAssignments([]string{"A=one", "b_2=a=b", "C=one"})
	want := []Assignment{{"A", "one"}, {"b_2", "a=b"}, {"C", "one"}}
	if err != nil || !slices.Equal(got, want) || !slices.Equal(Names(got), []string{"one", "a=b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	for text, part := range map[string]string{"A": "must be NAME=secret", "=x": "must be", "A=": "must be", "2A=x": "must be", "A-B=x": "must be", "A\n=x": `\n`, "Ä=x": "must be"} {
		if _, err := ParseAssignments([]string{text}); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParseAssignments([]string{"A=x", "A=y"}); err == nil || err.Error() != "duplicate --env A" {
		t.Errorf("twice: %v", err)
	}
}

func secretsNamed(names ...string) []Secret {
	var out []Secret
	for _, name := range names {
		out = append(out, Secret{Name: name, Value: newValue("value of " + name)})
	}
	return out
}

func TestAssignAllReportsEachCollision(t *testing.T) {
	t.Parallel()
	got, err := AssignAll(secretsNamed("a.b", "c"), []string{"A=1", "EMPTY="})
	if want := []Assignment{{"A_B", "a.b"}, {"C", "c"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = AssignAll(secretsNamed("a.b", "a_b", "path", "ld_preload", "bash_env", "home", "empty"), []string{"HOME=/root", "EMPTY="})
	for _, want := range []string{
		`secrets "a.b" and "a_b" have the same variable A_B`, `secret "path"`, `secret "ld_preload"`, `secret "bash_env"`,
		`secret "home": the environment already has a variable HOME`, `secret "empty"`, "--env NAME=secret", "--files",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	before := []string{"PATH=/bin", "TOKEN=old", "TOKENS=x"}
	got, err := Environment(before, []Assignment{{"TOKEN", "a"}, {"AGAIN", "a"}}, secretsNamed("a", "b"))
	want := []string{"PATH=/bin", "TOKENS=x", "TOKEN=value of a", "AGAIN=value of a"}
	if err != nil || !slices.Equal(got, want) || before[1] != "TOKEN=old" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWhatCannotBeAVariableIsAnErrorThatNamesFiles(t *testing.T) {
	t.Parallel()
	canary := vaulttest.Canary(t)
	fits := strings.Repeat("x", maxVariableBytes-len("FITS=")-1)
	found := []Secret{{"nul", newValue(canary + "\x00")}, {"large", newValue(canary + fits)}, {"fits", newValue(fits)}}
	_, err := Environment(nil, []Assignment{{"NUL", "nul"}, {"LARGE", "large"}, {"FITS", "fits"}}, found)
	if err == nil {
		t.Fatal("no error")
	}
	vaulttest.AssertNoCanary(t, canary, map[string][]byte{"the error": []byte(err.Error())})
	for _, want := range []string{`secret "nul" cannot be the variable NUL`, `secret "large"`, "128 KiB", "--files DIR"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "fits") {
		t.Errorf("a value of 128 KiB is refused: %v", err)
	}
}

func TestMaskHasOneCommandForEachLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	found := []Secret{{"a", newValue("one\ntwo\r\n\n50% off\n")}, {"b", newValue("")}, {"c", newValue("::stop-commands::x")}, {"d", newValue("a\rb")}, {"e", newValue(`"<`)}}
	want := "::add-mask::one\n::add-mask::two\n::add-mask::50%25 off\n::add-mask::one\\ntwo\\r\\n\\n50%25 off\\n\n" +
		"::add-mask::::stop-commands::x\n::add-mask::a%0Db\n::add-mask::a\\rb\n" + `::add-mask::"<` + "\n" + `::add-mask::\"\u003c` + "\n"
	if err := Mask(&out, found); err != nil || out.String() != want {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
