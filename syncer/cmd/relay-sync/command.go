// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// options are the flags that several commands share.
type options struct {
	stdout, stderr *foreign.Writer
	// environment has Vault's variables, for the commands of a person alone.
	environment manual.Environment
	config      string
	output      string
	sources     []string
}

func newOptions(stdout, stderr io.Writer) *options {
	return &options{
		stdout: foreign.NewWriter(stdout, wantsColor(stdout)), stderr: foreign.NewWriter(stderr, wantsColor(stderr)),
		environment: takeEnvironment(),
	}
}

func (o *options) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "relay-sync",
		Short: "Apply SOPS-encrypted workflow secrets from git to Vault without reading values back",
		Long: `relay-sync applies the SOPS-encrypted manifests of a git commit to the workflow
scopes in Vault. It decrypts in process, writes with check-and-set, and records each
write in the metadata of the secret. It detects drift from metadata only: no command
can show a value, and the Vault token needs no permission to read values.

Exit codes:
  0  nothing to do, or everything done
  1  an error; for apply also a change that is blocked or pending approval
  2  plan: there are changes, drift or blocked changes; apply: drift that is only
     reported, or a pending hand-over, which another sync completes`,
		Example: `  relay-sync doctor -c /etc/relay-sync/relay-sync.yaml
  relay-sync plan -c /etc/relay-sync/relay-sync.yaml`,
		Version:       build.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(o.stdout.Unwrap()) // help and completion scripts, which have no foreign text
	root.SetErr(o.stderr)
	root.SetVersionTemplate("relay-sync {{.Version}}\n")
	root.PersistentFlags().StringVarP(&o.output, "output", "o", "text", "output format: text or json; plan also has markdown")
	complete(root, "output", formats)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		if !slices.Contains(formats(c), o.output) {
			return fmt.Errorf("invalid --output %q: must be %s", o.output, strings.Join(formats(c), " or "))
		}
		return nil
	}
	root.AddCommand(o.planCommand(), o.applyCommand(), o.approveCommand(), o.adoptCommand(), o.undeleteCommand(), o.policyCommand(), o.secretCommand(), o.runCommand(), o.webCommand(), o.syncCommand(), o.statusCommand(), o.tidyCommand(), o.verifyCommand(), o.newCommand(), o.doctorCommand(), o.versionCommand())
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	requireSubcommands(root)
	return root
}

func (o *options) configFlags(c *cobra.Command) {
	o.configFlag(c)
	c.Flags().StringSliceVar(&o.sources, "source", nil, "process only this source (repeatable)")
	complete(c, "source", sourceNames)
}

func (o *options) planCommand() *cobra.Command {
	ask := syncer.Request{}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show the changes that apply would make, and drift",
		Long: `plan shows the change that apply would make to each secret, and drift. It writes
nothing. It exits with code 2 if a value would change, a change is blocked or pending
approval, or a secret has drifted. An update of records alone, as after sops rotate, does
not count as a change.

With --keyless, plan needs no decryption key, and its Vault token needs permission only
to list names and to read metadata. It compares ciphertexts: an equal ciphertext means
"unchanged", a different one "maybe changed". Use it for pull requests, where no key
should be available. With --output markdown, plan prints tables for a comment on the
pull request, in at most 64 KiB.`,
		Example: `  relay-sync plan --config relay-sync.yaml
  relay-sync plan --keyless --output markdown --source shop`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.sync(c, ask) },
	}
	o.configFlags(c)
	c.Flags().BoolVar(&ask.Keyless, "keyless", false, "compare ciphertexts, without decryption keys")
	return c
}

func (o *options) applyCommand() *cobra.Command {
	ask := syncer.Request{Apply: true}
	c := &cobra.Command{
		Use:   "apply",
		Short: "Apply the committed secrets to Vault once",
		Long: `apply reads the manifests of the current commit of each source, and creates, updates,
repairs and deletes secrets in Vault accordingly. Changes that are pending approval (too
many deletions, older files) are applied only with --approve, the id of the plan and
--reason.`,
		Example: `  relay-sync apply --source shop
  relay-sync apply --approve 2f6c1ea0b9d4 --reason 'CHG-1234: retired services'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.sync(c, ask) },
	}
	o.configFlags(c)
	c.Flags().StringVar(&ask.Approve, "approve", "", "apply only the plan with this id, including its changes that are pending approval")
	reasonFlag(c, &ask.Reason, "approve")
	return c
}

func (o *options) adoptCommand() *cobra.Command {
	ask := syncer.Request{Apply: true}
	var records, yes bool
	c := &cobra.Command{
		Use:   "adopt [WORKFLOW/NAME...]",
		Short: "Apply, and take over secrets that other owners have or that are unmanaged",
		Long: `adopt does what apply does, and also takes over the named secrets that the commit
contains, from any owner. A connection is named connection:TYPE/NAME. With --unmanaged it
takes over all live secrets that the commit contains and that have no owner's record,
such as those left by a crash between the first write of a value and its record. To take
over is to write the value; the record of the previous owner stays. adopt also repairs a
named secret that has drifted, where the source has drift: report.

With --records, adopt writes no value and reads no repository: it lists the records of
the sources that have no MAC or an invalid one, all or those of the named secrets, asks,
and signs them with the newest key of fingerprint_key_file. Use it once after you set the
key, before you set records: authentic. A signature confirms that this controller wrote
the record, so check a record that is not authentic first.`,
		Example: `  relay-sync adopt deploy-production/registry_password --reason 'moves from Terraform to git'
  relay-sync adopt connection:kubernetes/prod --reason 'moves from Terraform to git'
  relay-sync adopt --unmanaged --reason 'after a crash'
  relay-sync adopt --records --reason 'the fingerprint key is new'`,
		RunE: func(c *cobra.Command, names []string) error {
			if records && ask.Unmanaged || yes && !records {
				return errors.New("adopt: --records and --unmanaged exclude each other, and --yes requires --records")
			}
			if records {
				return o.adoptRecords(c, names, ask.Reason, yes)
			}
			if len(names) == 0 && !ask.Unmanaged {
				return errors.New("no secret given: name secrets as WORKFLOW/NAME, or use --unmanaged")
			}
			ask.Adopt = names
			return o.sync(c, ask)
		},
	}
	o.configFlags(c)
	completeFirst(c, workflowFolders)
	c.Flags().BoolVar(&ask.Unmanaged, "unmanaged", false, "take over all live secrets that have no owner's record")
	c.Flags().BoolVar(&records, "records", false, "sign records without a valid MAC instead of writing values")
	c.Flags().BoolVar(&yes, "yes", false, "with --records: do not ask")
	reasonFlag(c, &ask.Reason)
	return c
}

func (o *options) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of relay-sync",
		Example: `  relay-sync version -o json`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if o.output == "json" {
				return render.Document(o.stdout, map[string]any{
					"version": build.Version, "commit": build.Commit, "commit_time": build.Time, "modified": build.Modified, "go": build.Go, "platform": build.Platform,
				})
			}
			_, err := fmt.Fprintln(o.stdout, "relay-sync "+build.Version)
			return err
		},
	}
}

// sync runs plan, apply or adopt for the selected sources and prints the reports.
func (o *options) sync(c *cobra.Command, ask syncer.Request) error {
	delayCollection()
	open := o.openController
	if ask.Apply {
		open = o.openChanging
	}
	cfg, controller, end, err := open()
	if err != nil {
		return err
	}
	defer end()
	controller.Progress = o.progress()
	ask.Sources = o.sources
	reports, err := controller.Sync(c.Context(), ask)
	if err != nil {
		return err
	}
	if ask.Apply {
		o.changed(c.Context(), cfg)
	}
	if err := o.write(cfg, reports); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if ask.Approve != "" && slices.ContainsFunc(reports, func(r report.Report) bool { return r.PlanID == ask.Approve && r.FourEyes }) {
		return exitError{report.Failed} // the report has the cause
	}
	if ask.Approve != "" && !slices.ContainsFunc(reports, func(r report.Report) bool { return r.Approved }) {
		return fmt.Errorf("approve plan %q: not found; the commit, the configuration or Vault has changed since, so nothing was written. Hint: review the new plan", ask.Approve)
	}
	if outcome := report.Worst(reports); outcome != report.Clean {
		return exitError{outcome}
	}
	return nil
}

// text prints for people. Commands in it name the configuration file of this one.
func (o *options) text(cfg *config.Config) *render.Text {
	return render.NewText(o.stdout, wantsColor(o.stdout)).WithFlag(cfg.Flag)
}

func (o *options) write(cfg *config.Config, reports []report.Report) error {
	switch o.output {
	case "json":
		return render.WriteJSON(o.stdout, reports)
	case "markdown":
		return render.WriteMarkdown(o.stdout, reports, cfg.Flag)
	}
	return o.text(cfg).Write(reports)
}
