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
		return text + ": permission denied; the Role needs get and update of this Lease, and create of leases"
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

// leases gets, creates and updates one Lease. It is for one goroutine.
type leases struct {
	server          server
	client          *http.Client
	collection      string
	name, namespace string
}

func (l *leases) get(ctx context.Context) (lease, error) {
	return l.send(ctx, http.MethodGet, l.collection+"/"+l.name, nil)
}

func (l *leases) create(ctx context.Context, s spec) (lease, error) {
	metadata, err := json.Marshal(map[string]string{"name": l.name, "namespace": l.namespace})
	if err != nil {
		return lease{}, err
	}
	return l.send(ctx, http.MethodPost, l.collection, &lease{Metadata: metadata, Spec: s})
}

// update replaces the spec of a Lease that was not changed since it was read.
func (l *leases) update(ctx context.Context, metadata json.RawMessage, s spec) (lease, error) {
	return l.send(ctx, http.MethodPut, l.collection+"/"+l.name, &lease{Metadata: metadata, Spec: s})
}

func (l *leases) send(ctx context.Context, method, url string, body *lease) (lease, error) {
	out, err := l.exchange(ctx, method, url, body)
	if err != nil {
		return lease{}, fmt.Errorf("%s lease %s/%s: %w", map[string]string{http.MethodGet: "read", http.MethodPost: "create", http.MethodPut: "update"}[method], l.namespace, l.name, err)
	}
	return out, nil
}

func (l *leases) exchange(ctx context.Context, method, url string, body *lease) (out lease, err error) {
	var data []byte
	if body != nil {
		body.APIVersion, body.Kind = "coordination.k8s.io/v1", "Lease"
		if data, err = json.Marshal(body); err != nil {
			return out, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(data))
	if err != nil {
		return out, err
	}
	token, err := l.server.credential()
	if err != nil {
		return out, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := l.client.Do(request)
	if err != nil {
		l.reconnect()
		return out, httpclient.TransportError(err)
	}
	defer func() { _ = response.Body.Close() }() // read only
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return out, &statusError{response.StatusCode}
	}
	var versioned struct{ ResourceVersion string }
	if json.NewDecoder(response.Body).Decode(&out) != nil || json.Unmarshal(out.Metadata, &versioned) != nil || versioned.ResourceVersion == "" {
		return out, errors.New("the answer is not a Lease") // an update without a version would replace any other
	}
	return out, nil
}

// reconnect makes the next request use another connection. HTTP/2 would send it on the same
// one, also if that is dead, until the kernel gives up after a quarter of an hour.
func (l *leases) reconnect() {
	l.client.CloseIdleConnections()
	if client, err := l.server.client(); err == nil {
		l.client = client
	}
}
