// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

const removeName = "remove-files"

// remover is this program as the process that removes the files of a command, also when this
// process is killed. It is in a session of its own: what ends the group or the terminal of the
// job does not end it.
func remover(folder, link string) *exec.Cmd {
	own, err := os.Executable()
	command := exec.CommandContext(context.Background(), own)
	if err != nil {
		command.Err = err
	}
	command.Args = []string{"relay-step", removeName, folder, link}
	command.Env = []string{}
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return command
}

// removeCommand is what the process of remover runs.
func removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:    removeName + " FOLDER LINK",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			signal.Ignore(step.Signals...)
			return step.RemoveAfter(os.Stdin, args[0], args[1])
		},
	}
}
