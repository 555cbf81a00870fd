// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/puppetlabs/relay-core/pkg/manager/vault"
	"github.com/puppetlabs/relay-core/pkg/model"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "relay-reader: "+err.Error())
		os.Exit(1)
	}
}

type request struct {
	Secrets     string    `json:"secrets"`
	Secret      [2]string `json:"secret"`
	Connection  [3]string `json:"connection"`
	Connections string    `json:"connections"`
	Workflow    string    `json:"workflow"`
	Printed     [4]string `json:"printed"`
	Steps       [3]string `json:"steps"`
}

// response has the results, by name or by type/name and field. Missing is Relay's "not
// found", Refused the error of what Relay does not evaluate, Error any other.
type response struct {
	Secrets     map[string][]byte            `json:"secrets,omitempty"`
	Connections map[string]map[string][]byte `json:"connections,omitempty"`
	References  []string                     `json:"references,omitempty"`
	Printed     []byte                       `json:"printed,omitempty"`
	Steps       []step                       `json:"steps,omitempty"`
	Refused     string                       `json:"refused,omitempty"`
	Missing     bool                         `json:"missing,omitempty"`
	Error       string                       `json:"error,omitempty"`
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("one argument is required: the mount")
	}
	client, err := vaultapi.NewClient(nil)
	if err != nil {
		return err
	}
	kv := vault.NewKVV2Client(client, args[0])
	encoder := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var q request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		if err := encoder.Encode(reply(kv, q)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func reply(kv *vault.KVV2Client, q request) response {
	found, err := find(context.Background(), kv, q)
	switch {
	case errors.Is(err, model.ErrNotFound):
		return response{Missing: true}
	case err != nil:
		return response{Error: err.Error()}
	}
	return found
}

func find(ctx context.Context, kv *vault.KVV2Client, q request) (response, error) {
	switch {
	case q.Workflow != "":
		found, err := references(ctx, q.Workflow)
		return response{References: found}, err
	case q.Printed[0] != "":
		return printed(ctx, evaluator(kv, q.Printed[0], q.Printed[1]), q.Printed[2], q.Printed[3])
	case q.Steps[0] != "":
		return steps(ctx, evaluator(kv, q.Steps[0], q.Steps[1]), q.Steps[2])
	case q.Secrets != "":
		list, err := vault.NewSecretManager(kv.In(q.Secrets)).List(ctx)
		return secrets(list...), err
	case q.Secret[0] != "":
		secret, err := vault.NewSecretManager(kv.In(q.Secret[0])).Get(ctx, q.Secret[1])
		if err != nil {
			return response{}, err
		}
		return secrets(secret), nil
	case q.Connections != "":
		list, err := vault.NewConnectionManager(kv.In(q.Connections)).List(ctx)
		return connections(list...), err
	}
	connection, err := vault.NewConnectionManager(kv.In(q.Connection[0])).Get(ctx, q.Connection[1], q.Connection[2])
	if err != nil {
		return response{}, err
	}
	return connections(connection), nil
}

func secrets(list ...*model.Secret) response {
	found := map[string][]byte{}
	for _, s := range list {
		found[s.Name] = []byte(s.Value)
	}
	return response{Secrets: found}
}

func connections(list ...*model.Connection) response {
	found := map[string]map[string][]byte{}
	for _, c := range list {
		fields := map[string][]byte{}
		for name, value := range c.Attributes {
			fields[name] = []byte(fmt.Sprint(value))
		}
		found[c.Type+"/"+c.Name] = fields
	}
	return response{Connections: found}
}
