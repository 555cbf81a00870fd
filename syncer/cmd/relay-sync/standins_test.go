// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
)

// The programs of this file stand in for others that guides use, so that the tests need none.

// ended prints the error of a program, and returns its exit code.
func ended(name string, err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		return 1
	}
	return 0
}

// relay is Relay's command line: auth login, and workflow secret set, list and delete.
func relay(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	path := flags.String("config", "", "")
	flags.Bool("yes", false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*path)
	if err != nil {
		return err
	}
	var config struct {
		Contexts struct {
			Relaysh struct {
				APIDomain string `json:"apiDomain"`
			} `json:"relaysh"`
		} `json:"contexts"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return err
	}
	stored := *path + ".token"
	command := flags.Args()
	if strings.Join(command, " ") == "auth login --stdin" {
		token, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		return os.WriteFile(stored, token, 0o600)
	}
	token, err := os.ReadFile(stored)
	if err != nil {
		return err
	}
	c := relaytest.CommandLine{Address: config.Contexts.Relaysh.APIDomain, Token: string(token)}
	outcome, err := relaySecret(c, command, in)
	if err == nil && outcome.Failure != "" {
		err = errors.New(outcome.Failure)
	}
	if err != nil {
		return err
	}
	for _, name := range outcome.Names {
		fmt.Fprintln(out, name)
	}
	return nil
}

func relaySecret(c relaytest.CommandLine, command []string, in io.Reader) (relaytest.Outcome, error) {
	ctx := context.Background()
	if len(command) < 4 || strings.Join(command[:2], " ") != "workflow secret" {
		return relaytest.Outcome{}, errors.New("unsupported command")
	}
	switch args := command[3:]; command[2] {
	case "set":
		value, err := io.ReadAll(in)
		if err != nil || len(args) != 3 || args[2] != "--value-stdin" {
			return relaytest.Outcome{}, errors.Join(err, errors.New("expected a name and --value-stdin"))
		}
		return c.Set(ctx, args[0], args[1], string(value))
	case "list":
		return c.List(ctx, args[0])
	case "delete":
		return c.Delete(ctx, args[0], args[1])
	}
	return relaytest.Outcome{}, errors.New("unsupported command")
}
