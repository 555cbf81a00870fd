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
	"os/exec"
	"time"
)

const (
	startTimeout   = time.Minute
	stopTimeout    = 10 * time.Second
	requestTimeout = 30 * time.Second
)

// devVault is a running dev Vault. The demo sends it requests as the administrator
// and as a step of the workflow.
type devVault struct {
	Address   string `json:"address"`
	RootToken string `json:"root_token"`

	stdin  io.Closer
	kill   context.CancelFunc
	exited chan error
}

// startVault starts the dev Vault, which ends when its standard input ends: also if
// this process is killed.
func startVault(ctx context.Context, w *world) (*devVault, error) {
	program, err := w.tools.find("devvault")
	if err != nil {
		return nil, err
	}
	ctx, kill := context.WithCancel(context.WithoutCancel(ctx)) // stop ends it
	cmd := exec.CommandContext(ctx, program, "-prepare", "-until-eof", "-reader-workflow", workflow)
	cmd.Dir, cmd.Env = w.dir, w.environment(nil)
	inOwnGroup(cmd)
	var log bytes.Buffer
	cmd.Stderr = &log
	stdin, inErr := cmd.StdinPipe()
	stdout, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		kill()
		return nil, fmt.Errorf("start the dev Vault: %w", err)
	}
	v := &devVault{stdin: stdin, kill: kill, exited: make(chan error, 1)}
	tooLong := time.AfterFunc(startTimeout, kill)
	err = json.NewDecoder(stdout).Decode(v)
	tooLong.Stop()
	go func() { v.exited <- cmd.Wait() }()
	if err != nil {
		stopped := v.stop()
		return nil, errors.Join(fmt.Errorf("start the dev Vault: %w; its output was: %s", err, log.String()), stopped)
	}
	return v, nil
}

// stop ends Vault and waits for its process.
func (v *devVault) stop() error {
	defer v.kill()
	_ = v.stdin.Close() // the process may have ended
	select {
	case err := <-v.exited:
		if err != nil {
			return fmt.Errorf("stop the dev Vault: %w", err)
		}
		return nil
	case <-time.After(stopTimeout):
		v.kill()
		return fmt.Errorf("stop the dev Vault: timed out after %s, killed: %w", stopTimeout, <-v.exited)
	}
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
