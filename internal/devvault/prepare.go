// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/helper/namespace"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// mountName is Relay's mount of workflow secrets.
const mountName = "customers"

var (
	//go:embed policies/writer.hcl
	writerPolicy string
	//go:embed policies/reader.hcl
	readerPolicy string

	workflowPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
)

// checkWorkflow refuses names that have a special meaning in a policy.
func checkWorkflow(name string) error {
	if !workflowPattern.MatchString(name) {
		return fmt.Errorf("invalid -reader-workflow %q: must contain only letters, digits, '_', '.' and '-'", name)
	}
	return nil
}

// prepare creates what the demo and the tests need. On prepared data it only writes the
// policies again.
func prepare(core *vault.Core, rootToken, readerWorkflow string) error {
	a := admin{core: core, token: rootToken}
	if err := a.mount("sys/mounts/"+mountName, "kv", map[string]any{"version": "2"}); err != nil {
		return err
	}
	for _, method := range []string{"approle", "userpass", "jwt"} {
		if err := a.mount("sys/auth/"+method, method, nil); err != nil {
			return err
		}
	}
	policies := map[string]string{
		"writer": writerPolicy,
		"reader": strings.ReplaceAll(readerPolicy, "WORKFLOW", readerWorkflow),
	}
	for name, rules := range policies {
		if err := a.do(logical.UpdateOperation, "sys/policies/acl/"+name, map[string]any{"policy": rules}); err != nil {
			return err
		}
	}
	return a.waitForKV()
}

// admin sends requests straight to the core with the root token.
type admin struct {
	core  *vault.Core
	token string
}

func (a admin) do(op logical.Operation, path string, data map[string]any) error {
	ctx := namespace.RootContext(context.Background())
	resp, err := a.core.HandleRequest(ctx, &logical.Request{
		Operation: op, Path: path, Data: data, ClientToken: a.token,
	})
	if err == nil && resp != nil && resp.IsError() {
		err = resp.Error()
	}
	if err != nil {
		return fmt.Errorf("prepare Vault: %s %s: %w", op, path, err)
	}
	return nil
}

// mount mounts an engine or auth method of the given kind unless the path is in use.
func (a admin) mount(path, kind string, engineOptions map[string]any) error {
	if err := a.do(logical.ReadOperation, path, nil); err == nil {
		return nil
	}
	return a.do(logical.UpdateOperation, path, map[string]any{"type": kind, "options": engineOptions})
}

// waitForKV waits until the mount accepts requests: a KV v2 mount returns an error
// during the setup of its storage.
func (a admin) waitForKV() error {
	return eventually(func() (bool, error) {
		err := a.do(logical.ListOperation, mountName+"/metadata/", nil)
		return err == nil, err
	})
}
