// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// CommandLine sends the requests of Relay's command line "relay workflow secret", and reads
// the responses as it does. This project cannot build that program, so these functions
// repeat what runs of it have shown. Where it would end with a panic, they return an error.
type CommandLine struct {
	// Address is where the API is, such as http://127.0.0.1:8080.
	Address string
	// Token is what "relay auth login" stored; empty when logged out.
	Token string
}

// Outcome is what a command prints.
type Outcome struct {
	// Status is that of the response that ended the command.
	Status int
	// Failure is the text of an error, with the invalid fields; empty for a success.
	Failure string
	// Names are the names of a list.
	Names []string
	// Used is false if the command prints that no step uses the secret.
	Used bool
}

// maxInput is how much of a value the command line sends. The rest is lost.
const maxInput = 10_240

const relayMediaType = "application/vnd.puppet.relay.v20200615+json"

// Set runs "set": it lists the secrets, creates or replaces one, and asks for its use.
func (c CommandLine) Set(ctx context.Context, workflow, name, value string) (Outcome, error) {
	out, err := c.List(ctx, workflow)
	if err != nil || out.Failure != "" {
		return out, err
	}
	method, path, body := http.MethodPost, "/api/workflows/"+workflow+"/secrets", map[string]any{"name": name}
	if slices.Contains(out.Names, name) {
		method, path, body = http.MethodPut, path+"/"+name, map[string]any{}
	}
	body["value"] = transferred(value[:min(len(value), maxInput)])
	var written struct{ Secret *struct{ Name string } }
	if out, err = c.request(ctx, method, path, body, &written); err != nil || out.Failure != "" {
		return out, err
	}
	if written.Secret == nil {
		return out, errors.New("panic: the response has no secret")
	}
	used, err := c.used(ctx, workflow, written.Secret.Name)
	out.Used = used
	return out, err
}

// used reports whether a step uses the secret. A workflow that is not found has none.
func (c CommandLine) used(ctx context.Context, workflow, name string) (bool, error) {
	var found struct {
		Workflow *struct {
			LatestRevision *struct{ ID *string } `json:"latest_revision"`
		}
	}
	out, err := c.request(ctx, http.MethodGet, "/api/workflows/"+workflow, nil, &found)
	switch {
	case err != nil || out.Status == http.StatusNotFound:
		return false, err
	case out.Failure != "":
		return false, errors.New("could not retrieve the latest revision: " + out.Failure)
	case found.Workflow == nil:
		return false, errors.New("panic: the response has no workflow")
	case found.Workflow.LatestRevision == nil:
		return false, nil
	case found.Workflow.LatestRevision.ID == nil:
		return false, errors.New("panic: the latest revision has no id")
	}
	var latest struct {
		Revision *struct {
			Steps []struct {
				References *struct{ Secrets []struct{ Name string } }
			}
		}
	}
	out, err = c.request(ctx, http.MethodGet, "/api/workflows/"+workflow+"/revisions/"+*found.Workflow.LatestRevision.ID, nil, &latest)
	if err != nil || out.Failure != "" || latest.Revision == nil {
		return false, err
	}
	for _, step := range latest.Revision.Steps {
		if step.References != nil && slices.Contains(step.References.Secrets, struct{ Name string }{name}) {
			return true, nil
		}
	}
	return false, nil
}

// List runs "list".
func (c CommandLine) List(ctx context.Context, workflow string) (Outcome, error) {
	var list struct{ Secrets []struct{ Name string } }
	out, err := c.request(ctx, http.MethodGet, "/api/workflows/"+workflow+"/secrets", nil, &list)
	for _, secret := range list.Secrets {
		out.Names = append(out.Names, secret.Name)
	}
	return out, err
}

// Delete runs "delete".
func (c CommandLine) Delete(ctx context.Context, workflow, name string) (Outcome, error) {
	return c.request(ctx, http.MethodDelete, "/api/workflows/"+workflow+"/secrets/"+name, nil, &struct{}{})
}

// request sends one request and decodes the response. path is not escaped: the URL of Go
// escapes what it must, and resolves dots.
func (c CommandLine) request(ctx context.Context, method, path string, body, into any) (Outcome, error) {
	base, err := url.Parse(c.Address)
	if err != nil {
		return Outcome{}, err
	}
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return Outcome{}, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, base.ResolveReference(&url.URL{Path: path}).String(), &text)
	if err != nil {
		return Outcome{}, err
	}
	r.Header.Set("Accept", relayMediaType)
	if body != nil {
		r.Header.Set("Content-Type", relayMediaType)
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return Outcome{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Status: response.StatusCode}
	if out.Status >= 200 && out.Status < 300 {
		return out, json.Unmarshal(data, into)
	}
	out.Failure, err = failureText(data)
	return out, err
}

// failureText is what the command line prints of an error: the template of the friendly
// text, and each invalid field directly before its own.
func failureText(data []byte) (string, error) {
	type detail struct {
		Description struct{ Friendly string }
		Items       map[string]struct{ Description struct{ Friendly string } }
	}
	var body struct{ Error *detail }
	if err := json.Unmarshal(data, &body); err != nil {
		return "", nil //nolint:nilerr // printed only with --debug
	}
	if body.Error == nil {
		return "", fmt.Errorf("panic: the error has no member error: %s", data)
	}
	text := body.Error.Description.Friendly
	for field, item := range body.Error.Items {
		text += "\n`" + field + "`" + strings.TrimSpace(item.Description.Friendly)
	}
	if strings.Contains(text, "{{") {
		return text, errors.New("the text of the error is a template with a variable")
	}
	return text, nil
}

// transferred is a value in Relay's transfer encoding of JSON.
func transferred(value string) any {
	if utf8.ValidString(value) && !strings.ContainsRune(value, 0) {
		return value
	}
	return map[string]string{"$encoding": "base64", "data": base64.StdEncoding.EncodeToString([]byte(value))}
}
