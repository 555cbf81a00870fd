// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const requestTimeout = 30 * time.Second

// devVault is a running dev Vault. The demo sends it requests as the administrator
// and as a step of the workflow.
type devVault struct {
	Address   string `json:"address"`
	RootToken string `json:"root_token"`

	process *background
}

// startVault starts the dev Vault, which ends when its standard input ends: also if
// this process is killed.
func startVault(ctx context.Context, w *world) (*devVault, error) {
	v := &devVault{}
	var err error
	v.process, err = w.start(ctx, "the dev Vault", []string{"devvault", "-prepare", "-until-eof", "-reader-workflow", workflow}, nil, v)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// call sends one request and returns the status and the decoded response.
func (v *devVault) call(ctx context.Context, token, method, path string, body any) (int, vaultAnswer, error) {
	var answer vaultAnswer
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	content, err := json.Marshal(body)
	if err != nil {
		return 0, answer, fmt.Errorf("send a request to Vault: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, method, v.Address+"/v1/"+path, bytes.NewReader(content))
	if err != nil {
		return 0, answer, fmt.Errorf("send a request to Vault: %w", err)
	}
	request.Header.Set("X-Vault-Token", token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, answer, fmt.Errorf("send a request to Vault: %w", err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		return 0, answer, fmt.Errorf("read Vault's response to %s %s: %w", method, path, err)
	}
	return response.StatusCode, answer, nil
}

// vaultAnswer is the part of Vault's responses that the demo uses.
type vaultAnswer struct {
	Errors []string `json:"errors"`
	Auth   struct {
		Token string `json:"client_token"`
	} `json:"auth"`
	Data struct {
		Version int `json:"version"`
		Data    struct {
			Value string `json:"value"`
		} `json:"data"`
	} `json:"data"`
}

// must sends a request as the administrator and fails unless it succeeds.
func (v *devVault) must(ctx context.Context, method, path string, body any) (vaultAnswer, error) {
	status, answer, err := v.call(ctx, v.RootToken, method, path, body)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("%s %s: status %d %q", method, path, status, answer.Errors)
	}
	return answer, err
}

// token creates a token with one policy.
func (v *devVault) token(ctx context.Context, policy string) (string, error) {
	answer, err := v.must(ctx, http.MethodPost, "auth/token/create", map[string]any{"policies": []string{policy}})
	return answer.Auth.Token, err
}

func dataPath(name string) string { return "customers/data/workflows/" + workflow + "/" + name }
