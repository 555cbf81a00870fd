// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
)

// secretOperations are those on one secret.
func secretOperations() []providerOperation {
	const kind = "relay_workflow_secret"
	secret := func(number string, more ...any) map[string]any {
		out := map[string]any{"name": "one", "value_wo": secretMark + " " + number, "value_wo_version": number}
		for i := 0; i < len(more); i += 2 {
			out[more[i].(string)] = more[i+1]
		}
		return out
	}
	one, two := map[string]string{"one": secretMark + " 1"}, map[string]string{"one": secretMark + " 2"}
	outside := func(w *faultWorld) { w.vault.Write(w.t, w.workflow, "one", "unmanaged") }
	label := map[string]any{"team": "shop"}
	return []providerOperation{
		{name: "create", kind: kind, after: secret("1"), has: one},
		{
			name: "create with settings", kind: kind, after: secret("1", "max_versions", 5, "delete_version_after", "720h", "custom_metadata", label), has: one,
			also: func(w *faultWorld) { w.wantSettings("5 720h0m0s shop") },
		},
		{name: "update", kind: kind, before: secret("1"), after: secret("2"), has: two},
		{name: "delete", kind: kind, before: secret("1"), has: map[string]string{"one": ""}},
		{name: "purge", kind: kind, before: secret("1", "deletion", deletionPurge), has: map[string]string{"one": ""}},
		{name: "repair", kind: kind, before: secret("1"), outside: outside, after: secret("1"), has: one},
		{name: "take-over", kind: kind, outside: outside, after: secret("1", "adopt", true), has: one},
		{name: "import with take-over", kind: kind, outside: outside, importID: "%s/one", after: secret("1", "adopt", true), has: one},
		{
			name: "settings", kind: kind, before: secret("1", "max_versions", 3), after: secret("1", "max_versions", 5, "custom_metadata", label), has: one,
			also: func(w *faultWorld) { w.wantSettings("5 0s shop") },
		},
	}
}

func (w *faultWorld) wantSettings(want string) {
	w.t.Helper()
	metadata := w.vault.Metadata(w.t, w.workflow, "one")
	custom, _ := metadata["custom_metadata"].(map[string]any)
	if got := fmt.Sprint(metadata["max_versions"], " ", metadata["delete_version_after"], " ", custom["team"]); got != want {
		w.t.Errorf("the settings are %s, want %s", got, want)
	}
}

// setOperations are those on a set of 20, of which each instance deletes only what it claims.
func setOperations() []providerOperation {
	const kind = "relay_workflow_secrets"
	set := func(from, to int, number string) (map[string]any, map[string]string) {
		elements, has := map[string]any{}, map[string]string{}
		for i := from; i < to; i++ {
			name := fmt.Sprintf("s%d", i)
			elements[name] = map[string]any{"value_wo": secretMark + " " + number, "value_wo_version": number}
			has[name] = secretMark + " " + number
		}
		return map[string]any{"secrets": elements}, has
	}
	old, hasOld := set(0, 20, "1")
	changed, hasChanged := set(1, 21, "2") // without s0, with s20
	hasChanged["s0"] = ""
	gone := map[string]string{}
	for name := range hasOld {
		gone[name] = ""
	}
	exclusive, _ := set(0, 1, "1")
	exclusive["exclusive"] = exclusiveDelete
	return []providerOperation{
		{name: "create a set of 20", kind: kind, repeats: true, after: old, has: hasOld},
		{name: "change a set of 20", kind: kind, repeats: true, before: old, after: changed, has: hasChanged},
		{name: "delete a set of 20", kind: kind, repeats: true, before: old, has: gone},
		{
			name: "delete what a set does not declare", kind: kind, before: exclusive, after: exclusive,
			outside: undeclared, has: map[string]string{"s0": secretMark + " 1", "extra": ""},
		},
	}
}

// undeclared writes a secret of the same owner with a resource of its own.
func undeclared(w *faultWorld) {
	other := host{t: w.t, kind: "relay_workflow_secret", variables: w.variables, settings: w.settings}
	if errors := other.apply(map[string]any{"workflow": w.workflow, "name": "extra", "value_wo": secretMark, "value_wo_version": "1"}); errors != "" {
		w.t.Fatal(errors)
	}
}

// connection is a connection with a secret key.
func connection(number string) map[string]any {
	return map[string]any{
		"type": "aws", "name": "main", "fields_wo": map[string]any{"accessKeyID": "id", "secretAccessKey": secretMark + " " + number}, "fields_wo_version": number,
	}
}

func connectionOperations() []providerOperation {
	const kind = "relay_connection"
	fields := func(number string) map[string]string {
		return map[string]string{"accessKeyID": "id", "secretAccessKey": strings.TrimSpace(secretMark + " " + number)}
	}
	return []providerOperation{
		{name: "create a connection", kind: kind, after: connection("one"), also: func(w *faultWorld) {
			w.wantBody(fields("one"))
			w.superseded()
		}},
		{name: "change a connection", kind: kind, before: connection("one"), after: connection("two"), also: func(w *faultWorld) {
			w.wantBody(fields("two"))
			w.superseded()
		}},
		{name: "delete a connection", kind: kind, before: connection("one"), also: func(w *faultWorld) { w.wantBody(nil) }},
	}
}
