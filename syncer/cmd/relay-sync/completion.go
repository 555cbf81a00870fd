// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// configVariable names the configuration file of a command without --config.
const configVariable = "RELAY_SYNC_CONFIG"

// configFlag is the flag of a command that needs a configuration.
func (o *options) configFlag(c *cobra.Command) {
	file := config.DefaultFile
	if named := os.Getenv(configVariable); named != "" {
		file = named
	}
	c.Flags().StringVarP(&o.config, "config", "c", file, "path of the configuration file, or "+configVariable)
}

// configNamed reports whether a person named the configuration file, so that it must exist.
func configNamed(c *cobra.Command) bool {
	return c.Flags().Changed("config") || os.Getenv(configVariable) != ""
}

// formats are the values of --output.
func formats(c *cobra.Command) []string {
	if c.Name() == "plan" {
		return []string{"text", "json", "markdown"}
	}
	return []string{"text", "json"}
}

// complete lets a shell complete the values of a flag.
func complete(c *cobra.Command, flag string, values func(*cobra.Command) []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return values(c), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic("relay-sync: " + err.Error()) // the caller has defined the flag
	}
}

// completeFirst lets a shell complete the first argument of a command, or with "/" at the end a part of it.
func completeFirst(c *cobra.Command, values func(*cobra.Command) []string) {
	c.ValidArgsFunction = func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found := values(c)
		directive := cobra.ShellCompDirectiveNoFileComp
		if slices.ContainsFunc(found, func(value string) bool { return strings.HasSuffix(value, "/") }) {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return found, directive
	}
}

// configured is the configuration of a command; nil if it cannot be read. A shell then completes nothing.
func configured(c *cobra.Command) *config.Config {
	file := config.DefaultFile
	if flag := c.Flags().Lookup("config"); flag != nil && flag.Value.String() != "" {
		file = flag.Value.String()
	} else if named := os.Getenv(configVariable); named != "" {
		file = named
	}
	cfg, err := config.Read(file)
	if err != nil {
		return nil
	}
	return cfg
}

func sourceNames(c *cobra.Command) []string {
	if cfg := configured(c); cfg != nil {
		return cfg.SourceNames()
	}
	return nil
}

func controllerNames(c *cobra.Command) []string {
	if cfg := configured(c); cfg != nil {
		return []string{cfg.Controller}
	}
	return nil
}

func workflowNames(c *cobra.Command) (out []string) {
	if cfg := configured(c); cfg != nil {
		for _, source := range cfg.Sources {
			out = append(out, source.Workflows...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// workflowFolders are the first part of WORKFLOW/NAME.
func workflowFolders(c *cobra.Command) []string {
	out := workflowNames(c)
	for i := range out {
		out[i] += "/"
	}
	return out
}

func logFormats(*cobra.Command) []string { return []string{"text", "json"} }

// noArguments names the command; cobra's own error repeats the argument, which can be a value.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s accepts no arguments, received %d", c.CommandPath(), len(args))
	}
	return nil
}

// oneRole accepts the argument of policy.
func oneRole(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("expected one ROLE, received %d arguments: must be one of %s", len(args), strings.Join(policy.RoleNames(), ", "))
	}
	return nil
}

// someSecrets accepts one secret or more.
func someSecrets(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("no secret given: name at least one as WORKFLOW/NAME")
	}
	return nil
}

// atMostOneWorkflow accepts the argument of secret list.
func atMostOneWorkflow(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("expected one WORKFLOW or none, received %d arguments", len(args))
	}
	return nil
}
