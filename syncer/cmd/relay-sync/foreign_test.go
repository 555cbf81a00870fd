// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// hostileTexts are those of foreigntest. The long one is still longer than any line.
func hostileTexts() (all []string) {
	for _, kind := range slices.Sorted(maps.Keys(foreigntest.Texts)) {
		text := foreigntest.Texts[kind]
		all = append(all, text[:min(len(text), 20_000)])
	}
	return all
}

// hostilePlan is a plan that a person is asked to approve.
func hostilePlan(controller string) map[string]any {
	var actions []map[string]any
	records := map[string]string{}
	for _, text := range hostileTexts() {
		records[text] = text
	}
	for _, text := range hostileTexts() {
		actions = append(actions, map[string]any{
			"path": "customers/data/workflows/" + text + "/" + text, "kind": text, "workflow": text, "name": text, "action": text, "approved": text, "cause": text + "\n" + text,
			"file": text, "line": 1, "sealed": text, "sops1": text, "version": 1, "created": text, "records": records,
		})
	}
	actions = append(actions, map[string]any{"path": "customers/data/workflows/a/a", "workflow": "a", "name": "a", "action": "pending approval", "version": 0, "records": records})
	return map[string]any{
		"format": "relay-plan/1", "namespace": strings.Join(hostileTexts(), ""), "mount": "customers", "controller": controller, "source": "shop",
		"commit": strings.Join(hostileTexts(), ""), "actions": actions,
	}
}

// hostileStatus is the status of a daemon in which each text is hostile.
func hostileStatus(controller string) map[string]any {
	shown := hostilePlan(controller)
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err)
	}
	document, err := plan.ParseDocument(text)
	if err != nil {
		panic(err)
	}
	sources := []map[string]any{{"source": "shop", "plan": shown, "plan_id": document.ID(), "problems": []string{}}}
	for _, text := range hostileTexts() {
		sources = append(sources, map[string]any{
			"source": text, "branch": text, "seen": text, "applied": text, "plan_id": text, "ready": true,
			"last_sync": "2026-11-30T12:00:00Z", "problems": []string{text, text + "\n" + text},
		})
	}
	return map[string]any{"sources": sources, "reload_failure": map[string]any{"time": "2026-11-30T12:00:00Z", "cause": strings.Join(hostileTexts(), "\n")}}
}

// hostile-daemon starts servers in place of the daemon: at $DAEMON and at the socket
// evil.sock one that answers like it, with the status that it writes to plan.json, too; at
// $NOISE and at noise.sock one whose status line, headers and body are hostile.
func hostileDaemon(ts *testscript.TestScript, _ bool, _ []string) {
	status, err := json.Marshal(hostileStatus(ts.Getenv("CONTROLLER")))
	ts.Check(err)
	status = append(status, '\n')
	ts.Check(os.WriteFile(ts.MkAbs("plan.json"), status, 0o600))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Relay-Sync-Outcome", "1")
		if r.URL.Path == "/sync" && r.URL.Query().Get("output") != "json" {
			_, _ = io.WriteString(w, strings.Join(hostileTexts(), "\n")+"\n")
			return
		}
		_, _ = w.Write(status)
	})
	server := httptest.NewServer(handler)
	ts.Defer(server.Close)
	ts.Setenv("DAEMON", strings.TrimPrefix(server.URL, "http://"))
	socket, err := net.Listen("unix", ts.MkAbs("evil.sock"))
	ts.Check(err)
	ts.Defer(func() { _ = socket.Close() })
	go func() { _ = http.Serve(socket, handler) }() //nolint:gosec // for one script
	for name, network := range map[string]string{"127.0.0.1:0": "tcp", ts.MkAbs("noise.sock"): "unix"} {
		listener, err := net.Listen(network, name)
		ts.Check(err)
		ts.Defer(func() { _ = listener.Close() })
		if network == "tcp" {
			ts.Setenv("NOISE", listener.Addr().String())
		}
		go noise(listener)
	}
}

// noise answers each request with a hostile status text, header and body.
func noise(listener net.Listener) {
	text := strings.NewReplacer("\n", " ", "\r", " ").Replace(strings.Join(hostileTexts(), ""))
	for {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		buffer := make([]byte, 4<<10)
		_, _ = c.Read(buffer)
		fmt.Fprintf(c, "HTTP/1.1 500 \x1b[2J\u202e::error::%s\r\nContent-Type: ::error::\r\nConnection: close\r\n\r\n%s", foreigntest.Canary, text)
		_ = c.Close()
	}
}

// hostile-vault sets $VAULT_ADDR to a server in place of Vault, whose names, records, labels
// and errors are hostile.
func hostileVault(ts *testscript.TestScript, _ bool, _ []string) {
	keys, labels := []string{"a", "a/", "b/"}, map[string]string{
		"relay.terraform/evil": "format=2 version=1 time=2026-01-01T00:00:00Z",
		"approve":              "plan=" + strings.Repeat("a", 64) + " time=2026-01-01T00:00:00Z reason=" + foreigntest.Texts["bidi"],
	}
	for _, text := range hostileTexts() {
		keys = append(keys, text, text+"/")
		labels[text], labels["relay.terraform/"+text], labels["relay.team/evil"] = text, text, text
	}
	answer := func(w http.ResponseWriter, status int, body map[string]any) {
		w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/lookup-self"), strings.Contains(r.URL.Path, "/identity/entity/"):
			all := strings.Join(hostileTexts(), "")
			answer(w, http.StatusOK, map[string]any{"data": map[string]any{"entity_id": "e", "id": "e", "name": all, "display_name": all, "ttl": 3600, "policies": hostileTexts()}})
		case !strings.Contains(r.URL.Path, "/metadata/"):
			answer(w, http.StatusBadRequest, map[string]any{"errors": hostileTexts()})
		case r.Method == "LIST" || r.URL.Query().Has("list"):
			answer(w, http.StatusOK, map[string]any{"data": map[string]any{"keys": keys}})
		case r.Method != http.MethodGet:
			answer(w, http.StatusForbidden, map[string]any{"errors": hostileTexts()})
		default:
			version := map[string]any{"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": false}
			answer(w, http.StatusOK, map[string]any{"data": map[string]any{
				"current_version": 1, "oldest_version": 1, "max_versions": 0, "delete_version_after": strings.Join(hostileTexts(), ""),
				"created_time": "2026-01-01T00:00:00Z", "versions": map[string]any{"1": version}, "custom_metadata": labels,
			}})
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv("VAULT_ADDR", server.URL)
	ts.Setenv("VAULT_TOKEN", "hvs.any")
}

// hostile-files writes workflow files to flows/ and manifests to keys/, with hostile names
// and contents.
func hostileFiles(ts *testscript.TestScript, _ bool, _ []string) {
	for _, folder := range []string{"flows", "keys"} {
		ts.Check(os.Mkdir(ts.MkAbs(folder), 0o700))
	}
	for i, text := range hostileTexts() {
		name := strings.NewReplacer("/", "", "\x00", "").Replace(text[:min(len(text), 200)])
		flow, err := json.Marshal(map[string]any{"jobs": map[string]any{text: map[string]any{"name": text, "steps": []any{
			map[string]any{"name": text, "uses": "hashicorp/vault-action@v3", "with": map[string]any{"secrets": "customers/data/workflows/" + text + "/" + text + " value | " + text + " ;\ncustomers/data/workflows/deploy/gone value"}},
		}}}})
		ts.Check(err)
		relay, err := json.Marshal(map[string]any{"steps": []any{map[string]any{"name": text, "image": text, "spec": map[string]any{"a": "${secrets." + text + "}", "b": "${secrets['" + text + "']} ${connections." + text + ".x}"}}}})
		ts.Check(err)
		keys, err := json.Marshal(map[string]any{text: text, "sops": map[string]any{text: text, "version": text, "lastmodified": text}})
		ts.Check(err)
		for path, data := range map[string][]byte{
			"flows/" + name + ".yaml": flow, fmt.Sprintf("flows/r%d.yaml", i): relay, "keys/" + name + ".json": keys, fmt.Sprintf("keys/%d.json", i): keys,
		} {
			ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("."), path), data, 0o600))
		}
	}
}

// printable [hostile] [short] asserts that the last output is printable, that it has hostile
// texts, and that its lines are short.
func printable(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if slices.Contains(args, "hostile") && !strings.Contains(out, foreigntest.Canary) {
		ts.Fatalf("the output has no hostile text: %.300s", out)
	}
	check := foreigntest.Check
	if slices.Contains(args, "short") {
		check = foreigntest.CheckText
	}
	check(ts.Value("t").(testing.TB), out)
}

// TestHostileArgumentsReachNoOutputRaw runs commands with a hostile argument, and with a
// configuration that has a hostile key and value.
func TestHostileArgumentsReachNoOutputRaw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, text := range hostileTexts() {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		values := fmt.Sprintf("controller: %[1]s\nlisten: %[1]s\nsocket: %[1]s\n%[1]s: %[1]s\nvault: {address: %[1]s, token_file: %[1]s, mount: %[1]s, settle: %[1]s, %[1]s: 1}\n"+
			"sources: [{name: %[1]s, repository: %[1]s, branch: %[1]s, files: [%[1]s], workflows: [%[1]s], age_keys: [%[1]s], drift: %[1]s}]\n", quoted)
		files := fmt.Sprintf("controller: c\nvault: {address: 'http://127.0.0.1:1', token_file: %[1]s}\n"+
			"sources: [{name: a, repository: %[1]s, branch: main, files: [a.yaml], workflows: [a], age_keys: [%[1]s]}]\n", quoted)
		evil, paths := filepath.Join(dir, fmt.Sprint(i, ".yaml")), filepath.Join(dir, fmt.Sprint(i, "-paths.yaml"))
		for path, content := range map[string]string{evil: values, paths: files, evil + ".raw": text + ": {" + text} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, args := range [][]string{
			{text}, {"help", text}, {"secret", text}, {"plan", text}, {"plan", "--" + text}, {"plan", "-o", text}, {"plan", "-c", text}, {"run", "--log-format", text},
			{"verify", text}, {"verify", "--workflows", text}, {"new", text}, {"new", "a", text}, {"new", "a", "--file", text}, {"policy", text}, {"tidy", "--after", text},
			{"approve", text, "--reason", text}, {"approve", "--remove", text}, {"approve", "a", "--reason", "ok", "--plan", text}, {"approve", "a", "--reason", "ok", "--url", text},
			{"status", "--socket", text}, {"status", "-c", evil}, {"plan", "-c", evil}, {"plan", "-c", evil + ".raw"}, {"plan", "-c", paths}, {"plan", "-c", paths, "--source", text},
			{"plan", "-c", paths, "-o", "json"}, {"adopt", "-c", paths, text, "--reason", text}, {"undelete", "-c", paths, text, "--reason", "ok"},
			{"apply", "-c", paths, "--approve", text, "--reason", text},
		} {
			var stdout, stderr strings.Builder
			run(t.Context(), args, &stdout, &stderr)
			before := t.Failed()
			foreigntest.Check(t, stderr.String())
			if foreigntest.Check(t, stdout.String()); t.Failed() && !before {
				t.Fatalf("^ relay-sync %.300q", args)
			}
		}
	}
}
