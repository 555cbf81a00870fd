// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// metadataCASProxy stands before the dev Vault and requires metadata_cas, as OpenBao does on
// a mount with metadata_cas_required. It counts changes of metadata for each path.
type metadataCASProxy struct {
	forward *httputil.ReverseProxy
	mu      sync.Mutex
	counts  map[string]int
	// refused are updates without the right count. before runs before each check.
	refused int
	before  func(path string)
}

func newMetadataCASProxy(t *testing.T, target string) (*metadataCASProxy, string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &metadataCASProxy{counts: map[string]int{}, forward: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
	}}
	p.forward.ModifyResponse = p.addCount
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, server.URL
}

func (p *metadataCASProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		var fields map[string]any
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
			panic(err)
		}
		if !p.take(r.URL.Path, fields["metadata_cas"]) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors":["metadata check-and-set parameter required for this call"]}`)
			return
		}
		delete(fields, "metadata_cas")
		body, err := json.Marshal(fields)
		if err != nil {
			panic(err)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	p.forward.ServeHTTP(w, r)
}

// take compares and counts.
func (p *metadataCASProxy) take(path string, cas any) bool {
	if p.before != nil {
		p.before(path)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if cas != float64(p.counts[path]) {
		p.refused++
		return false
	}
	p.counts[path]++
	return true
}

// addCount puts the count into the answer to a read of metadata.
func (p *metadataCASProxy) addCount(answer *http.Response) error {
	path := answer.Request.URL.Path
	if answer.Request.Method != http.MethodGet || answer.StatusCode != http.StatusOK || !strings.Contains(path, "/metadata/") {
		return nil
	}
	var body map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return err
	}
	p.mu.Lock()
	if data, ok := body["data"].(map[string]any); ok && data["current_version"] != nil {
		data["current_metadata_version"] = p.counts[path]
	}
	p.mu.Unlock()
	text, err := json.Marshal(body)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	answer.Header.Del("Content-Length")
	return err
}

// TestRecordIsWrittenWhereMetadataCASIsRequired: a value without its record shows as
// unmanaged, and no owner may write it without adopt.
func TestRecordIsWrittenWhereMetadataCASIsRequired(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy, address := newMetadataCASProxy(t, v.Address)
	c, err := connect(vault.Settings{Address: address, Token: v.Writer(t)}, Config{Owner: shop, Settle: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, a := context.Background(), testAddress(t)
	inSync := func(what string) Entry {
		t.Helper()
		e := mustDescribe(t, c, a)
		if verdict := Judge(shop, e, nil); verdict.State != InSync {
			t.Errorf("%s: %s", what, verdict)
		}
		return e
	}
	if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("one")}); err != nil {
		t.Fatalf("create: %v", err)
	}
	seen := inSync("create")
	proxy.refused = 0
	if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("two"), Observed: seen}); err != nil {
		t.Fatalf("update: %v", err)
	}
	seen = inSync("update")
	if proxy.refused > 0 {
		t.Errorf("the count of the last read was not sent: %d refusals", proxy.refused)
	}

	t.Log("another writer changes metadata between the read and the record")
	once := true
	proxy.before = func(path string) {
		if once {
			once = false
			proxy.mu.Lock()
			proxy.counts[path]++
			proxy.mu.Unlock()
		}
	}
	if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("three"), Observed: seen}); err != nil {
		t.Fatalf("update after a change of metadata: %v", err)
	}
	seen = inSync("update after a change of metadata")
	if proxy.refused != 1 {
		t.Errorf("%d refusals, want 1", proxy.refused)
	}

	t.Log("labels and the release of a deletion need the count too")
	if err := c.Configure(ctx, a, seen, Settings{MaxVersions: 3, Labels: map[string]string{"team": "shop"}}, nil); err != nil {
		t.Errorf("settings: %v", err)
	}
	owned := inSync("settings")
	if owned.Settings.Labels["team"] != "shop" {
		t.Errorf("settings: %+v", owned.Settings)
	}
	if done, err := c.Delete(ctx, a, claimIn(t, c, a)); err != nil || done.Outcome != SoftDeleted {
		t.Errorf("delete: %+v, %v", done, err)
	}
}
