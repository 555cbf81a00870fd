// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// loop sends what the provider sends, and does nothing else.
type loop struct {
	client   http.Client
	address  string
	token    string
	workflow string
	atOnce   int
}

// bare measures the steps with bare requests.
func bare(b *testing.B, vault *vaulttest.Vault, atOnce int) []time.Duration {
	b.Helper()
	l := loop{
		client:   http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}},
		address:  vault.Address,
		token:    vault.Writer(b),
		workflow: vaulttest.Workflow(b),
		atOnce:   atOnce,
	}
	// An apply of what exists refreshes it, before it observes it once more.
	return []time.Duration{
		l.time(b, func(name string) error { return l.write(name, 0) }),
		l.time(b, l.observe),
		l.time(b, func(name string) error {
			if err := l.observe(name); err != nil {
				return err
			}
			return l.write(name, 1)
		}),
	}
}

// time measures one step of all secrets.
func (l loop) time(b *testing.B, step func(name string) error) time.Duration {
	b.Helper()
	begun := time.Now()
	var group errgroup.Group
	group.SetLimit(l.atOnce)
	for i := range secrets {
		group.Go(func() error { return step(fmt.Sprintf("secret-%03d", i)) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// observe reads metadata.
func (l loop) observe(name string) error {
	_, err := l.send(http.MethodGet, "metadata", name, "")
	return err
}

// write observes, writes, and notes the record, as the provider does.
func (l loop) write(name string, cas int) error {
	if err := l.observe(name); err != nil {
		return err
	}
	answer, err := l.send(http.MethodPost, "data", name, fmt.Sprintf(`{"options":{"cas":%d},"data":{"value":"value of %s"}}`, cas, name))
	if err != nil {
		return err
	}
	var wrote struct {
		Data struct {
			Version     int    `json:"version"`
			CreatedTime string `json:"created_time"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &wrote); err != nil {
		return err
	}
	_, err = l.send(http.MethodPatch, "metadata", name, fmt.Sprintf(
		`{"custom_metadata":{"relay.terraform/bench":"version=%d time=%s"}}`, wrote.Data.Version, wrote.Data.CreatedTime))
	return err
}

func (l loop) send(method, operation, name, body string) ([]byte, error) {
	url := fmt.Sprintf("%s/v1/customers/%s/workflows/%s/%s", l.address, operation, l.workflow, name)
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Vault-Token", l.token)
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	answer, err := l.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 && answer.StatusCode != http.StatusNotFound {
		err = fmt.Errorf("%s %s: status %d", method, operation, answer.StatusCode)
	}
	return text, err
}
