// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// secretsEnable mounts an engine, and waits until the mount accepts requests: a KV version 2
// mount returns an error during the setup of its storage.
func (c CLI) secretsEnable(flags map[string]string, args []string) error {
	kind, err := one(args)
	if err != nil {
		return err
	}
	path := flags["path"]
	if path == "" {
		path = kind
	}
	body := map[string]any{"type": kind, "options": map[string]string{"version": flags["version"]}}
	if _, err := c.send(http.MethodPost, "sys/mounts/"+escape(path), body); err != nil {
		return err
	}
	ready := func() bool {
		_, err = c.send(http.MethodGet, escape(path)+"/config", nil)
		return err == nil
	}
	if !await.Until(startTimeout, ready) {
		return fmt.Errorf("enable %s: %w", path, err)
	}
	return nil
}

func (c CLI) authEnable(flags map[string]string, args []string) error {
	kind, err := one(args)
	if err != nil {
		return err
	}
	path := flags["path"]
	if path == "" {
		path = kind
	}
	_, err = c.send(http.MethodPost, "sys/auth/"+escape(path), map[string]any{"type": kind})
	return err
}

// deleting returns a command that deletes what the path below the prefix names.
func deleting(prefix string) func(CLI, map[string]string, []string) error {
	return func(c CLI, _ map[string]string, args []string) error {
		path, err := one(args)
		if err == nil {
			_, err = c.send(http.MethodDelete, prefix+escape(path), nil)
		}
		return err
	}
}

// policyWrite writes a policy from a file, or from the input for "-".
func (c CLI) policyWrite(_ map[string]string, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("expected a name and a file")
	}
	rules, err := c.content(args[1])
	if err != nil {
		return err
	}
	_, err = c.send(http.MethodPut, "sys/policies/acl/"+url.PathEscape(args[0]), map[string]any{"policy": rules})
	return err
}

func (c CLI) tokenCreate(flags map[string]string, _ []string) error {
	body := map[string]any{"policies": []string{flags["policy"]}}
	for _, name := range []string{"period", "ttl", "type"} {
		if flags[name] != "" {
			body[name] = flags[name]
		}
	}
	path := "auth/token/create"
	if flags["orphan"] != "" {
		path += "-orphan"
	}
	got, err := c.send(http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return c.printToken(flags, got)
}

// printToken prints the token of a login under the names that Vault's program uses.
func (c CLI) printToken(flags map[string]string, got answer) error {
	shown := maps.Clone(got.Auth)
	shown["token"] = got.Auth["client_token"]
	return c.print(flags, shown, got)
}

func (c CLI) tokenLookup(flags map[string]string, _ []string) error {
	got, err := c.send(http.MethodGet, "auth/token/lookup-self", nil)
	if err != nil {
		return err
	}
	return c.print(flags, got.Data, got)
}

func (c CLI) tokenRevoke(flags map[string]string, args []string) error {
	if flags["self"] == "" || len(args) > 0 {
		return fmt.Errorf("expected -self")
	}
	_, err := c.send(http.MethodPost, "auth/token/revoke-self", nil)
	return err
}

// login logs in with a user name and a password. It stores the token where Vault's program does.
func (c CLI) login(flags map[string]string, args []string) error {
	values, err := c.pairs(args)
	if err != nil {
		return err
	}
	if flags["method"] != "userpass" || values["password"] == nil {
		return fmt.Errorf("expected -method=userpass and a password")
	}
	c.Token = ""
	got, err := c.send(http.MethodPost, "auth/userpass/login/"+escape(fmt.Sprint(values["username"])), map[string]any{"password": values["password"]})
	if err != nil {
		return err
	}
	if flags["token-only"] != "" {
		return c.printToken(map[string]string{"field": "token"}, got)
	}
	return os.WriteFile(filepath.Join(os.Getenv("HOME"), ".vault-token"), fmt.Append(nil, got.Auth["client_token"]), 0o600)
}

// unwrap exchanges the wrapping token in the argument for what it wraps.
func (c CLI) unwrap(flags map[string]string, args []string) error {
	token, err := one(args)
	if err != nil {
		return err
	}
	c.Token = token
	got, err := c.send(http.MethodPost, "sys/wrapping/unwrap", nil)
	if err != nil {
		return err
	}
	return c.print(flags, got.Data, got)
}

func (c CLI) write(flags map[string]string, args []string) error {
	if len(args) == 0 || len(args) == 1 && flags["force"] == "" {
		return fmt.Errorf("expected a path and data")
	}
	body, err := c.pairs(args[1:])
	if err != nil {
		return err
	}
	var header []string
	if ttl, err := time.ParseDuration(flags["wrap-ttl"]); err == nil {
		header = append(header, "X-Vault-Wrap-TTL: "+strconv.Itoa(int(ttl.Seconds())))
	}
	got, err := c.send(http.MethodPut, escape(args[0]), body, header...)
	switch {
	case err != nil:
		return err
	case got.Wrap != nil:
		return c.print(map[string]string{"field": aliased(flags["field"], "wrapping_token", "token")}, got.Wrap, got)
	case got.Auth != nil:
		return c.printToken(flags, got)
	}
	return c.print(flags, got.Data, got)
}

// aliased replaces the name that Vault's program gives a field.
func aliased(field, shown, wire string) string {
	if field == shown {
		return wire
	}
	return field
}

func (c CLI) read(flags map[string]string, args []string) error {
	path, err := one(args)
	if err != nil {
		return err
	}
	got, err := c.send(http.MethodGet, escape(path), nil)
	if err != nil {
		return err
	}
	return c.print(flags, got.Data, got)
}

func (c CLI) list(flags map[string]string, args []string) error {
	path, err := one(args)
	if err != nil {
		return err
	}
	got, err := c.send("LIST", escape(path), nil)
	if err != nil {
		return err
	}
	return c.printKeys(flags, got)
}
