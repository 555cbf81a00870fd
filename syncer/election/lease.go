// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// lease is a Lease of Kubernetes (coordination.k8s.io/v1).
type lease struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Metadata goes back as it came: labels and owners stay, and an update of another
	// resourceVersion than the current one is a conflict.
	Metadata json.RawMessage `json:"metadata"`
	Spec     spec            `json:"spec"`
}

// spec is who has the lease. Times are texts, because a candidate only compares them.
type spec struct {
	Leader      string `json:"holderIdentity,omitempty"`
	Seconds     int    `json:"leaseDurationSeconds,omitempty"`
	Acquired    string `json:"acquireTime,omitempty"`
	Renewed     string `json:"renewTime,omitempty"`
	Transitions int    `json:"leaseTransitions"`
}

// metadata is the part of a Lease's metadata that this package reads.
type metadata struct {
	Name            string
	ResourceVersion string
	Annotations     map[string]string
}

// metadata is empty if it cannot be decoded.
func (l lease) metadata() (out metadata) {
	_ = json.Unmarshal(l.Metadata, &out)
	return out
}

// annotated is the metadata of a Lease with one annotation replaced.
func annotated(given json.RawMessage, key, value string) (json.RawMessage, error) {
	all, annotations := map[string]json.RawMessage{}, map[string]string{}
	err := json.Unmarshal(given, &all)
	if before := all["annotations"]; err == nil && before != nil {
		err = json.Unmarshal(before, &annotations)
	}
	if err != nil {
		return nil, errAnswer
	}
	annotations[key] = value
	if all["annotations"], err = json.Marshal(annotations); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// microTime is the form of times in a Lease.
func microTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// statusError is an answer of the API server that is not the Lease.
type statusError struct{ code int }

func (e *statusError) Error() string {
	text := fmt.Sprintf("HTTP %d", e.code)
	switch e.code {
	case http.StatusUnauthorized:
		return text + ": authentication failed; check the token or the certificate"
	case http.StatusForbidden:
		return text + ": permission denied; the Role needs get and update of this Lease, and create of leases; with election.share also list"
	case http.StatusNotFound:
		return text + ": the Lease or its namespace was not found"
	case http.StatusConflict:
		return text + ": another candidate changed the Lease"
	}
	return text
}

func hasStatus(err error, code int) bool {
	status, is := errors.AsType[*statusError](err)
	return is && status.code == code
}

// leases lists, gets, creates and updates the Leases of a namespace. It is for one goroutine.
type leases struct {
	server                server
	client                *http.Client
	collection, namespace string
}

func (l *leases) get(ctx context.Context, name string) (lease, error) {
	return l.send(ctx, http.MethodGet, name, nil)
}

// create creates a Lease with labels.
func (l *leases) create(ctx context.Context, name string, labels map[string]string, s spec) (lease, error) {
	metadata, err := json.Marshal(struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels,omitempty"`
	}{name, l.namespace, labels})
	if err != nil {
		return lease{}, err
	}
	return l.send(ctx, http.MethodPost, name, &lease{Metadata: metadata, Spec: s})
}

// update replaces a Lease that was not changed since it was read.
func (l *leases) update(ctx context.Context, name string, metadata json.RawMessage, s spec) (lease, error) {
	return l.send(ctx, http.MethodPut, name, &lease{Metadata: metadata, Spec: s})
}

// list lists the Leases with a label, as they are at the time of the request or later.
func (l *leases) list(ctx context.Context, key, value string) ([]lease, error) {
	var out struct {
		Kind  string
		Items []lease
	}
	err := l.exchange(ctx, http.MethodGet, l.collection+"?"+url.Values{"labelSelector": {key + "=" + value}}.Encode(), nil, &out)
	if err == nil && out.Kind != "LeaseList" {
		err = errAnswer
	}
	if err != nil {
		return nil, fmt.Errorf("list leases in %s: %w", l.namespace, err)
	}
	return out.Items, nil
}

var errAnswer = errors.New("the answer is not a Lease")

func (l *leases) send(ctx context.Context, method, name string, body *lease) (out lease, err error) {
	target := l.collection
	if method != http.MethodPost {
		target += "/" + name
	}
	if err = l.exchange(ctx, method, target, body, &out); err == nil && out.metadata().ResourceVersion == "" {
		err = errAnswer // an update without a version would replace any other
	}
	if err != nil {
		return lease{}, fmt.Errorf("%s lease %s/%s: %w", map[string]string{http.MethodGet: "read", http.MethodPost: "create", http.MethodPut: "update"}[method], l.namespace, name, err)
	}
	return out, nil
}

// exchange sends a request, and decodes the answer into out.
func (l *leases) exchange(ctx context.Context, method, target string, body *lease, out any) error {
	var data []byte
	if body != nil {
		body.APIVersion, body.Kind = "coordination.k8s.io/v1", "Lease"
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(data))
	if err != nil {
		return err
	}
	token, err := l.server.credential()
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := l.client.Do(request)
	if err != nil {
		l.reconnect()
		return httpclient.TransportError(err)
	}
	defer func() { _ = response.Body.Close() }() // read only
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return &statusError{response.StatusCode}
	}
	if json.NewDecoder(response.Body).Decode(out) != nil {
		return errAnswer
	}
	return nil
}

// reconnect makes the next request use another connection. HTTP/2 would send it on the same
// one, also if that is dead, until the kernel gives up after a quarter of an hour.
func (l *leases) reconnect() {
	l.client.CloseIdleConnections()
	if client, err := l.server.client(); err == nil {
		l.client = client
	}
}
