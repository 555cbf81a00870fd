// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
)

// options are the flags that several commands have.
type options struct {
	stdout, stderr io.Writer
	config         string
	output         string
	sources        []string
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	o := &options{stdout: stdout, stderr: stderr}
	root := &cobra.Command{
		Use:   "relay-sync",
		Short: "Write workflow secrets from SOPS files in git to Vault, never read them back",
		Long: `relay-sync applies the SOPS-encrypted manifests of a git commit to the workflow
scopes of Vault. It decrypts in process, writes with check-and-set, notes what it
wrote in the secret's metadata, and judges drift from that alone: no command can
show a value, and the Vault token needs no permission to read one.

Exit codes: 0 nothing to do or all done, 1 an error, 2 (plan only) changes or drift.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVarP(&o.output, "output", "o", "text", "text for people, json for scripts")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if o.output != "text" && o.output != "json" {
			return fmt.Errorf("-o %s: expected text or json", o.output)
		}
		return nil
	}
	root.AddCommand(o.planCommand(), o.applyCommand(), o.verifyCommand(), o.versionCommand())
	return root
}

func (o *options) configFlags(c *cobra.Command) {
	c.Flags().StringVarP(&o.config, "config", "c", "relay-sync.yaml", "the configuration file")
	c.Flags().StringSliceVar(&o.sources, "source", nil, "only this source; may be given several times")
}

func (o *options) planCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do, and all drift; write nothing",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.rounds(c, false) },
	}
	o.configFlags(c)
	return c
}

func (o *options) applyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "apply",
		Short: "Bring the committed secrets to Vault, once",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.rounds(c, true) },
	}
	o.configFlags(c)
	return c
}

func (o *options) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(o.stdout, "relay-sync "+version)
			return err
		},
	}
}

// rounds runs plan or apply over the chosen sources and reports.
func (o *options) rounds(c *cobra.Command, apply bool) error {
	cfg, err := syncer.ReadConfig(o.config)
	if err != nil {
		return err
	}
	controller := syncer.New(cfg, version)
	controller.Warn = func(text string) { fmt.Fprintln(o.stderr, "warning: "+text) }
	controller.Progress = o.progress()
	reports, err := controller.Rounds(c.Context(), o.sources, apply)
	if err != nil {
		return err
	}
	if err := o.write(reports); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if outcome := syncer.Worst(reports); outcome != syncer.Clean {
		return exitError{outcome}
	}
	return nil
}

func (o *options) write(reports []syncer.Report) error {
	if o.output == "json" {
		return syncer.WriteJSON(o.stdout, reports)
	}
	return syncer.NewText(o.stdout, wantsColor(o.stdout)).Write(reports)
}

// progress keeps one line up to date on a terminal, and is silent elsewhere.
func (o *options) progress() func(string, int, int) {
	if !isTerminal(o.stderr) {
		return func(string, int, int) {}
	}
	var last time.Time
	return func(source string, done, of int) {
		if done < of && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		fmt.Fprintf(o.stderr, "\r\x1b[K%s: %d of %d", source, done, of)
		if done == of {
			fmt.Fprint(o.stderr, "\r\x1b[K")
		}
	}
}

func wantsColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
