// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// options are the process, and the flags of exec.
type options struct {
	environment environment
	signals     chan os.Signal
	stderr      *os.File

	vault vaultFlags
	env   []string
	all   bool
	files string
	wait  time.Duration
}

func (o *options) execCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exec --workflow WORKFLOW {--env NAME=secret... | --all} [--files DIR] -- COMMAND [ARGUMENT...]",
		Short: "Run a command with secrets in its environment or in files",
		Long: `exec reads secrets of a workflow and runs a command, without a shell, with them in its
environment. No other process gets them. With --files, they are files in the folder DIR
instead, which exec creates and removes when the command has ended. Only the user of the job
can read them. DIR is a link to a folder in memory (/dev/shm) where the system has one.

--env names each variable and its secret. With --all, every secret of the workflow has the
variable of its name: ASCII letters as capitals, digits as they are, every other character as
_, and a _ in front of a digit at the start; db.password is DB_PASSWORD. Two secrets with one
variable, a variable that exists already, and PATH, LD_* and others that shells and the system
obey are errors: name the secrets by --env in place of --all. With --files, a file has the NAME of --env, or with --all
the name of the secret.

A variable has at most 128 KiB and no NUL byte. Use --files for such a value.

A secret that is missing, deleted or denied is an error before the command starts. While Vault
is sealed or unavailable, exec waits, at most as long as --wait.

The token of a login is revoked before the command starts. The command gets the environment
without the credentials of the job: VAULT_TOKEN, ACTIONS_ID_TOKEN_REQUEST_URL,
ACTIONS_ID_TOKEN_REQUEST_TOKEN, and the variables that --jwt-env and --secret-id-env name.

In a job of GitHub Actions, exec prints ::add-mask:: for each line of each value to standard
error before the command starts, so that the runner hides it in the log.

Exit codes: that of the command, or 128 and the number of the signal that ended it;
  125  relay-step failed: the command was not started, or its files were not removed
  126  the command is not executable
  127  the command was not found`,
		Example: `  # GitHub Actions, with permissions: {id-token: write}
  relay-step exec --workflow deploy --login github --role deploy --env TOKEN=api_token -- ./deploy.sh

  # GitLab, with id_tokens: {VAULT_ID_TOKEN: {aud: https://vault.example.com}}
  relay-step exec --workflow deploy --login jwt --jwt-env VAULT_ID_TOKEN --role deploy --all -- ./deploy.sh

  # In a pod of Kubernetes, as files
  relay-step exec --workflow deploy --login kubernetes --role deploy --all --files /tmp/secrets -- ./deploy.sh`,
		Args: requireCommand,
		RunE: func(_ *cobra.Command, args []string) error { return o.exec(args) },
	}
	c.Flags().SetInterspersed(false) // flags after the command are its own
	o.vault.add(c)
	c.Flags().StringArrayVar(&o.env, "env", nil, "NAME=secret: variable, or file with --files, and its secret (repeatable)")
	c.Flags().BoolVar(&o.all, "all", false, "all secrets of the workflow")
	c.Flags().StringVar(&o.files, "files", "", "folder for files, in place of variables; it must not exist")
	o.addWait(c.Flags())
	return c
}

func (o *options) addWait(to *pflag.FlagSet) {
	to.DurationVar(&o.wait, "wait", time.Minute, "how long to wait while Vault is sealed or unavailable")
}

func requireCommand(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("no command given: name it after --")
	}
	return nil
}

// exec runs a command line with the secrets. It reads nothing before all that can be checked
// without Vault is.
func (o *options) exec(line []string) error {
	assigned, err := step.ParseAssignments(o.env)
	if err != nil {
		return err
	}
	if o.all == (len(assigned) > 0) {
		return errors.New("one of --env and --all is required, and not both")
	}
	job, err := o.vault.job(o.environment)
	if err != nil {
		return err
	}
	path, code, err := step.Find(line[0])
	if err != nil {
		return &exitError{code, err}
	}
	found, err := o.readSecrets(job, assigned)
	if err != nil {
		return named(err)
	}
	command := o.command(path, line)
	if code, err := o.give(command, assigned, found); code != 0 || err != nil {
		return &exitError{code, err}
	}
	return nil
}

// command is a command line in the environment of this program, without its credentials.
func (o *options) command(path string, line []string) *exec.Cmd {
	command := exec.CommandContext(context.Background(), path, line[1:]...)
	command.Args[0] = line[0]
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = step.Without(o.environment.all, o.vault.credentials()...)
	return command
}

// readSecrets reads the assigned secrets, or all.
func (o *options) readSecrets(job step.Job, assigned []step.Assignment) (found []step.Secret, err error) {
	err = o.read(job, func(ctx context.Context, r *step.Reader) (err error) {
		if o.all {
			if found, err = r.All(ctx); err == nil && len(found) == 0 {
				err = fmt.Errorf("workflow %s has no secrets\nHint: check --workflow, --mount and --prefix", foreign.Quote(o.vault.workflow))
			}
			return err
		}
		found, err = r.Secrets(ctx, step.Names(assigned))
		return err
	})
	return found, err
}

// read reads as the job, until the first signal.
func (o *options) read(job step.Job, read func(context.Context, *step.Reader) error) error {
	ctx, stop := o.interruptible()
	defer stop()
	err := o.prepared(job).Read(ctx, read)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// prepared is a job that waits for Vault and reports it.
func (o *options) prepared(job step.Job) step.Job {
	job.Wait = o.wait
	job.Waiting = func(cause error) { o.print("waiting up to " + o.wait.String() + ": " + cause.Error()) }
	job.Warn = func(err error) { o.print("warning: " + err.Error()) }
	return job
}

// give runs the command with the secrets in its environment or in files, and returns its exit
// code.
func (o *options) give(command *exec.Cmd, assigned []step.Assignment, found []step.Secret) (code int, err error) {
	if o.files != "" {
		return o.giveFiles(command, assigned, found)
	}
	if o.all {
		if assigned, err = step.AssignAll(found, command.Env); err != nil {
			return step.ExitFailed, err
		}
	}
	if command.Env, err = step.Environment(command.Env, assigned, found); err != nil {
		return step.ExitFailed, err
	}
	return o.start(command, found)
}

func (o *options) giveFiles(command *exec.Cmd, assigned []step.Assignment, found []step.Secret) (code int, err error) {
	if o.all {
		assigned = step.AssignNames(found)
	}
	folder, err := step.NewFolder(o.files, remover)
	if err != nil {
		return step.ExitFailed, err
	}
	defer func() {
		if failed := folder.Close(); failed != nil {
			err = errors.Join(err, failed)
			code = cmp.Or(code, step.ExitFailed)
		}
	}()
	if err := folder.Write(assigned, found); err != nil {
		return step.ExitFailed, err
	}
	return o.start(command, found)
}

func (o *options) start(command *exec.Cmd, found []step.Secret) (code int, err error) {
	if err := o.mask(found); err != nil {
		return step.ExitFailed, err
	}
	return step.Run(command, o.signals)
}

// mask hides the values in the log of a job of GitHub Actions.
func (o *options) mask(found []step.Secret) error {
	if !o.environment.github() {
		return nil
	}
	if err := step.Mask(o.stderr, found); err != nil { // the log would show values
		return errors.New("print ::add-mask:: to standard error: write failed")
	}
	return nil
}
