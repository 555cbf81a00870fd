// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// bareRequests sends requests with a writer's token, and nothing else.
type bareRequests struct {
	b       *testing.B
	client  http.Client
	address string
	token   string
}

func (w *world) bareRequests(b *testing.B) *bareRequests {
	b.Helper()
	return &bareRequests{
		b: b, client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}},
		address: w.vault.Address, token: w.vault.Writer(b),
	}
}

func (r *bareRequests) send(method, path, body string) error {
	request, err := http.NewRequestWithContext(r.b.Context(), method, r.address+"/v1/customers/"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", r.token)
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d, %w", method, path, response.StatusCode, err)
	}
	return nil
}

// all does something for each of n secrets, with the concurrency of relay-sync, and returns how long it took.
func (r *bareRequests) all(n int, do func(i int) error) time.Duration {
	r.b.Helper()
	begun := time.Now()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error { return do(i) })
	}
	if err := group.Wait(); err != nil {
		r.b.Fatal(err)
	}
	return time.Since(begun)
}

// write writes a value, and a record as long as a real one.
func (r *bareRequests) write(path string, i int) error {
	value := fmt.Sprintf(`{"options":{"cas":0},"data":{"value":"value-%d-%s"}}`, i, strings.Repeat("x", 40))
	if err := r.send(http.MethodPost, "data/"+path, value); err != nil {
		return err
	}
	return r.send(http.MethodPatch, "metadata/"+path, `{"custom_metadata":{"relay.gitops/bench/shop":"`+strings.Repeat("r", 400)+`"}}`)
}

// read reads the metadata of a secret.
func (r *bareRequests) read(path string) error {
	return r.send(http.MethodGet, "metadata/"+path, "")
}
