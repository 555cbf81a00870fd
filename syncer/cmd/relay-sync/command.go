// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
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
	root.AddCommand(o.planCommand(), o.applyCommand(), o.adoptCommand(), o.undeleteCommand(), o.policyCommand(), o.secretCommand(), o.runCommand(), o.statusCommand(), o.verifyCommand(), o.versionCommand())
	return root
}

func (o *options) configFlags(c *cobra.Command) {
	c.Flags().StringVarP(&o.config, "config", "c", "relay-sync.yaml", "the configuration file")
	c.Flags().StringSliceVar(&o.sources, "source", nil, "only this source; may be given several times")
}

func (o *options) planCommand() *cobra.Command {
	ask := syncer.Request{}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do, and all drift; write nothing",
		Long: `plan shows what apply would do to each secret, and all drift, and writes nothing. It
exits 2 where a value would change or something is blocked or has drifted; secrets that
were only re-encrypted change no value and count as nothing to do.

With --keyless it needs no decryption key, and of Vault only to list names and to read
metadata. It compares ciphertexts: equal means unchanged, and another one means maybe
changed. That is for pull requests, where no key should be.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.rounds(c, ask) },
	}
	o.configFlags(c)
	c.Flags().BoolVar(&ask.Keyless, "keyless", false, "compare ciphertexts alone, without any decryption key")
	return c
}

func (o *options) applyCommand() *cobra.Command {
	ask := syncer.Request{Apply: true}
	c := &cobra.Command{
		Use:   "apply",
		Short: "Bring the committed secrets to Vault, once",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return o.rounds(c, ask) },
	}
	o.configFlags(c)
	c.Flags().StringVar(&ask.Approve, "approve", "", "carry out the plan of this id with what it holds back (too many deletes, older files), and no other")
	c.Flags().StringVar(&ask.Said, "reason", "", "why, for the audit file")
	return c
}

func (o *options) adoptCommand() *cobra.Command {
	ask := syncer.Request{Apply: true}
	c := &cobra.Command{
		Use:   "adopt [WORKFLOW/NAME...]",
		Short: "Apply, and take over secrets that others hold or nobody recorded",
		Long: `adopt applies like apply, and takes over the named secrets as far as the commit
wants them, whoever holds them now. With --stranded it takes over all that the commit
wants, that are live, and that no owner's record claims: what a crash between a first
value and its record leaves. It always writes the value, and never touches the record
of the owner that is displaced.`,
		RunE: func(c *cobra.Command, names []string) error {
			if len(names) == 0 && !ask.Stranded {
				return errors.New("name secrets as workflow/name, or give --stranded")
			}
			ask.Adopt = names
			return o.rounds(c, ask)
		},
	}
	o.configFlags(c)
	c.Flags().BoolVar(&ask.Stranded, "stranded", false, "adopt what is live and has no record")
	c.Flags().StringVar(&ask.Said, "reason", "", "why, for the audit file (required)")
	if err := c.MarkFlagRequired("reason"); err != nil {
		panic("relay-sync: " + err.Error()) // the flag is defined a line above
	}
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

// rounds runs plan, apply or adopt over the chosen sources and reports.
func (o *options) rounds(c *cobra.Command, ask syncer.Request) error {
	cfg, err := config.Read(o.config)
	if err != nil {
		return err
	}
	controller := syncer.New(cfg, version)
	controller.Warn = func(text string) { fmt.Fprintln(o.stderr, "warning: "+text) }
	controller.Progress = o.progress()
	defer o.closeDown(controller)
	if ask.Apply {
		if controller.Audit, err = syncer.OpenAudit(cfg.Audit, whoami()); err != nil {
			return err
		}
		defer controller.Audit.Close()
	}
	ask.Sources = o.sources
	reports, err := controller.Rounds(c.Context(), ask)
	if err != nil {
		return err
	}
	if err := o.write(reports); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if ask.Approve != "" && !slices.ContainsFunc(reports, func(r syncer.Report) bool { return r.Approved }) {
		return fmt.Errorf("no plan has the id %q now, so nothing was written: what it was made from has changed; look at the new plan", ask.Approve)
	}
	if outcome := syncer.Worst(reports); outcome != syncer.Clean {
		return exitError{outcome}
	}
	return nil
}

// closeDown revokes what was logged in for, also after a stop.
func (o *options) closeDown(controller *syncer.Controller) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := controller.Close(ctx); err != nil {
		fmt.Fprintln(o.stderr, "warning: "+err.Error())
	}
}

// whoami is the user of this process, for the audit file.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
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
