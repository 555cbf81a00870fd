// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// hostileTexts are those of foreigntest, in a fixed order.
func hostileTexts() []string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(foreigntest.Texts)) {
		out = append(out, foreigntest.Texts[kind])
	}
	return out
}

// newHostileWorld makes a world of which others choose each text: a committer the names
// and the content of files and the author, and a server in front of Vault the names, the
// records, the notes of approvals and the errors. In it, the first workflow has a secret
// whose deletion waits for approval.
func newHostileWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, 2)
	w.cfg.Sources[0].Deletes.Max = new(int)
	sealed := w.sealedJSON()
	w.hostileCommit(map[string]any{"a.json": sealed(w.workflow(0), "old"), "b.json": sealed(w.workflow(1), "foreign")})
	if rep := w.sync(true); rep.Outcome() != report.Clean {
		t.Fatalf("the sync before the attack:\n%s", w.text())
	}
	files := map[string]any{"a.json": sealed(w.workflow(0), "fails"), "b.json": sealed(w.workflow(1), "foreign")}
	for i, text := range hostileTexts() {
		files[path(text)+".json"] = sealed(w.workflow(0), "own")
		keys := sealed(w.workflow(0), "own")
		keys["workflows"] = map[string]any{text: map[string]any{text: "ENC[" + text + "]"}, w.workflow(0): map[string]any{text: text}}
		files[fmt.Sprintf("keys/%d.json", i)] = keys
		files[fmt.Sprintf("plain/%d.json", i)] = map[string]any{text: text}
		for _, field := range []string{"lastmodified", "version", "mac", "unencrypted_suffix", text} {
			changed := sealed(w.workflow(0), "own")
			changed["sops"].(map[string]any)[field] = text
			files[fmt.Sprintf("sops/%s/%d.json", path(field), i)] = changed
		}
	}
	w.hostileCommit(files)
	w.cfg.Vault.Address = hostileVault(t, w.proxy.Address, w.workflow(1))
	return w
}

// sealedJSON returns a function that makes a manifest of one secret. It encrypts each
// secret once.
func (w *world) sealedJSON() func(workflow, name string) map[string]any {
	texts := map[string]string{}
	return func(workflow, name string) map[string]any {
		w.t.Helper()
		if texts[workflow+name] == "" {
			plain, err := json.Marshal(map[string]any{"workflows": map[string]any{workflow: map[string]any{name: "value"}}})
			if err != nil {
				w.t.Fatal(err)
			}
			w.seal("sealed.json", string(plain))
			texts[workflow+name] = w.read("sealed.json")
		}
		var out map[string]any
		if err := json.Unmarshal([]byte(texts[workflow+name]), &out); err != nil {
			w.t.Fatal(err)
		}
		return out
	}
}

// path is a text as one element of a path in git.
func path(text string) string {
	return strings.NewReplacer("/", "", "\x00", "").Replace(text[:min(len(text), 3000)])
}

// hostileCommit commits files, whose names need not be possible on a disk, by an author
// with a hostile name.
func (w *world) hostileCommit(files map[string]any) {
	w.t.Helper()
	who := "\x1b[2J\u202e\u009b31m::error::" + foreigntest.Canary + " <::error::\x1b@example.com> 1700000000 +0000\n"
	var stream bytes.Buffer
	stream.WriteString("commit refs/heads/main\nauthor " + who + "committer " + who + "data 0\n")
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for name, content := range files {
		text, err := json.Marshal(content)
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&stream, "M 100644 inline \"%s\"\ndata %d\n%s\n", quote.Replace(name), len(text), text)
	}
	cmd := exec.CommandContext(w.t.Context(), "git", "-C", w.repo, "fast-import", "--quiet", "--force")
	cmd.Stdin = &stream
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("git fast-import: %v\n%s", err, out)
	}
}

// hostileVault starts a server in front of Vault. It lists hostile names, adds hostile
// records to the entries of a workflow, and refuses to write secrets named fails.
func hostileVault(t *testing.T, target, workflow string) (address string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(r *http.Response) error {
			if strings.Contains(r.Request.URL.Path, "/metadata/") && r.Request.Method != http.MethodPatch {
				return attackMetadata(r, workflow)
			}
			return nil
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/fails") && strings.Contains(r.URL.Path, "/data/") {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": hostileTexts()})
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// attackMetadata changes an answer about metadata.
func attackMetadata(r *http.Response, workflow string) error {
	var answer map[string]any
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		return err
	}
	data, _ := answer["data"].(map[string]any)
	path := r.Request.URL.Path
	approvals := strings.Contains(path, "/relay-sync/")
	if data == nil && approvals {
		data, r.StatusCode = map[string]any{}, http.StatusOK
		answer = map[string]any{"data": data}
	}
	switch listing := r.Request.Method == "LIST" || r.Request.URL.Query().Has("list"); {
	case data == nil:
	case listing:
		keys, _ := data["keys"].([]any)
		for i, text := range hostileTexts() {
			keys = append(keys, text, text+"/")
			if approvals {
				keys = append(keys, strconv.Itoa(i))
			}
		}
		data["keys"] = keys
	case approvals:
		reason := "evil"
		if i, err := strconv.Atoi(path[strings.LastIndex(path, "/")+1:]); err == nil {
			reason = hostileTexts()[i]
		}
		data["custom_metadata"] = map[string]any{"approve": "plan=" + strings.Repeat("a", 64) + " time=2026-01-01T00:00:00Z reason=" + reason}
	case strings.Contains(path, "/"+workflow+"/"):
		data["custom_metadata"] = hostileRecords(data)
	}
	text, err := json.Marshal(answer)
	r.Body = io.NopCloser(bytes.NewReader(text))
	r.ContentLength = int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return err
}

// hostileRecords claim the current version of an entry for hostile owners.
func hostileRecords(entry map[string]any) map[string]string {
	out := map[string]string{}
	version := fmt.Sprint(entry["current_version"])
	created := time.Now().UTC().Format(time.RFC3339Nano)
	if versions, ok := entry["versions"].(map[string]any); ok {
		if one, ok := versions[version].(map[string]any); ok {
			created = fmt.Sprint(one["created_time"])
		}
	}
	record := fmt.Sprintf("format=2 version=%s time=%s", version, created)
	out["relay.terraform/evil"] = record
	out["relay.terraform/evil2"] = "format=2 version=7 time=" + created + " origin=%1b%5b2J%c2%9b31m%e2%80%ae" + foreigntest.Canary
	for _, text := range hostileTexts() {
		out[text] = text
		out["relay.terraform/"+text] = record
		out["relay.gitops/evil/x"+text] = record + " revision=" + text + " origin=" + text
		out["relay.team/evil"] += text
	}
	return out
}
