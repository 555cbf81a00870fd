// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// CLI does what the commands of Vault's own program do that documentation and messages
// print, with the same requests. The tests need no such program.
type CLI struct {
	Address, Token string
	In             io.Reader
	Out            io.Writer
}

// verb is a command: its flags, and what it does with the arguments behind them.
type verb struct {
	words string
	flags []string // names of flags; a name that ends with "?" takes no value
	run   func(CLI, map[string]string, []string) error
}

var verbs = []verb{
	{"kv list", []string{"mount", "format"}, CLI.kvList},
	{"kv get", []string{"mount", "version", "field", "format"}, CLI.kvGet},
	{"kv put", []string{"mount"}, CLI.kvPut},
	{"kv metadata get", []string{"mount", "format"}, CLI.kvMetadataGet},
	{"kv metadata patch", []string{"mount", "remove-custom-metadata"}, CLI.kvMetadataPatch},
	{"kv metadata delete", []string{"mount"}, CLI.kvMetadataDelete},
	{"secrets enable", []string{"path", "version"}, CLI.secretsEnable},
	{"secrets disable", nil, deleting("sys/mounts/")},
	{"auth enable", []string{"path"}, CLI.authEnable},
	{"auth disable", nil, deleting("sys/auth/")},
	{"policy write", nil, CLI.policyWrite},
	{"policy delete", nil, deleting("sys/policies/acl/")},
	{"token create", []string{"policy", "period", "ttl", "type", "orphan?", "field"}, CLI.tokenCreate},
	{"token lookup", []string{"format"}, CLI.tokenLookup},
	{"token revoke", []string{"self?"}, CLI.tokenRevoke},
	{"login", []string{"method", "token-only?"}, CLI.login},
	{"unwrap", []string{"field"}, CLI.unwrap},
	{"operator raft snapshot save", nil, CLI.snapshotSave},
	{"operator raft snapshot restore", []string{"force?"}, CLI.snapshotRestore},
	{"write", []string{"force?", "field", "wrap-ttl"}, CLI.write},
	{"read", []string{"field", "format"}, CLI.read},
	{"list", []string{"format"}, CLI.list},
	{"delete", nil, deleting("")},
}

// Run runs one command.
func (c CLI) Run(args []string) error {
	for _, v := range verbs {
		words := strings.Fields(v.words)
		if len(args) < len(words) || !slices.Equal(args[:len(words)], words) {
			continue
		}
		set := flag.NewFlagSet("vault "+v.words, flag.ContinueOnError)
		set.SetOutput(io.Discard)
		values := map[string]string{}
		for _, name := range v.flags {
			if name, alone := strings.CutSuffix(name, "?"); alone {
				set.BoolFunc(name, "", func(string) error { values[name] = "true"; return nil })
			} else {
				set.Func(name, "", func(value string) error { values[name] = value; return nil })
			}
		}
		if err := set.Parse(args[len(words):]); err != nil {
			return err
		}
		return v.run(c, values, set.Args())
	}
	return fmt.Errorf("unsupported command")
}

// one returns the only argument.
func one(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("%d arguments, want one", len(args))
	}
	return args[0], nil
}

// answer is what the commands print of Vault's response.
type answer struct {
	Data map[string]any `json:"data"`
	Auth map[string]any `json:"auth"`
	Wrap map[string]any `json:"wrap_info"`
}

// send sends a request. A header is NAME: VALUE.
func (c CLI) send(method, path string, body any, header ...string) (answer, error) {
	var got answer
	data, err := json.Marshal(body)
	if err != nil {
		return got, err
	}
	if body == nil {
		data = nil
	}
	q, err := http.NewRequest(method, c.Address+"/v1/"+path, bytes.NewReader(data))
	if err != nil {
		return got, err
	}
	q.Header.Set("X-Vault-Token", c.Token)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		q.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		return got, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		reason, _ := io.ReadAll(response.Body)
		return got, fmt.Errorf("%s %s: status %d: %s", method, path, response.StatusCode, reason)
	}
	if response.StatusCode == http.StatusNoContent {
		return got, nil
	}
	return got, json.NewDecoder(response.Body).Decode(&got)
}

// print prints one field, or everything as JSON if the format is that.
func (c CLI) print(flags map[string]string, of map[string]any, document any) error {
	if field := flags["field"]; field != "" {
		value, found := of[field]
		if !found {
			return fmt.Errorf("field %q not present in secret", field)
		}
		_, err := fmt.Fprint(c.Out, value)
		return err
	}
	if flags["format"] == "json" {
		return json.NewEncoder(c.Out).Encode(document)
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if _, err := fmt.Fprintf(c.Out, "%-28s%v\n", name, of[name]); err != nil {
			return err
		}
	}
	return nil
}

// pairs parses NAME=VALUE, NAME=@FILE and NAME=-; a single "-" is a JSON object on the input.
func (c CLI) pairs(args []string) (map[string]any, error) {
	out := map[string]any{}
	for _, arg := range args {
		if arg == "-" {
			if err := json.NewDecoder(c.In).Decode(&out); err != nil {
				return nil, err
			}
			continue
		}
		name, value, found := strings.Cut(arg, "=")
		if !found {
			return nil, fmt.Errorf("%q: expected NAME=VALUE", arg)
		}
		if file, isFile := strings.CutPrefix(value, "@"); isFile || value == "-" {
			var err error
			if value, err = c.content(file); err != nil {
				return nil, err
			}
		}
		out[name] = value
	}
	return out, nil
}

// content is that of a file, or of the input for "-".
func (c CLI) content(file string) (string, error) {
	if file == "-" {
		data, err := io.ReadAll(c.In)
		return string(data), err
	}
	data, err := os.ReadFile(file)
	return string(data), err
}

// escape escapes the segments of a path.
func escape(path string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}
