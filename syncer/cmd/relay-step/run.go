// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/step"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/cmd/relay-step/metadataapi"
)

// runFlags are the flags of run beside those of Vault.
type runFlags struct {
	file, step, domain string
	parameters         []string
	partial            bool
}

func (o *options) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run --workflow-file FILE --step STEP -- COMMAND [ARGUMENT...]",
		Short: "Run a step of a Relay workflow file, with Relay's metadata API",
		Long: `run evaluates the spec, env and when of a step of a Relay workflow file with the secrets of
the workflow and the connections of --connections-domain, and runs a command, without a
shell. The variables of env are in the environment of the command, and METADATA_API_URL is
Relay's metadata API for this step, on 127.0.0.1 and with a token of its own. So ni and
Relay's SDKs work as in Relay. The API ends with the command.

The workflow has the name of the file, deploy for deploy.yaml, unless --workflow names it.
Parameters have the defaults of the file, unless --parameter gives a value, which is a text.

What does not resolve is an error before the command starts, with its line. With --partial,
the command starts without it, but never if a condition of when does not resolve. If one is
false, the command is not started and run ends with 0.

Before the command starts, run reads what the step names, and revokes the token of its login.
For a secret that the command asks for by another name (/secrets/NAME), it logs in again.
While Vault is sealed or unavailable, run waits, at most as long as --wait.

Outputs of the step (ni output set) are in memory until its end, because they can contain
values: run has no outputs of other steps, and it starts no workflows. Messages of /logs go
to standard error.

The environment, masks and exit codes are those of exec.`,
		Example: `  # GitHub Actions, with permissions: {id-token: write}
  relay-step run --workflow-file deploy.yaml --step build --login github --role deploy -- ./step.sh`,
		Args: requireCommand,
		RunE: func(_ *cobra.Command, args []string) error { return o.runStep(f, args) },
	}
	c.Flags().SetInterspersed(false) // flags after the command are its own
	o.vault.add(c)
	c.Flags().StringVar(&f.file, "workflow-file", "", "workflow file of Relay (required)")
	c.Flags().StringVar(&f.step, "step", "", "name of the step (required)")
	c.Flags().StringVar(&f.domain, "connections-domain", "", "domain of the connections that the step may use")
	c.Flags().StringArrayVar(&f.parameters, "parameter", nil, "NAME=VALUE: value of a parameter of the workflow (repeatable)")
	c.Flags().BoolVar(&f.partial, "partial", false, "start the command although references do not resolve")
	o.addWait(c.Flags())
	c.Flags().Lookup("workflow").Usage = "workflow whose secrets to read (default: name of the workflow file)"
	return c
}

// runStep runs a command as a step. It reads nothing before all that can be checked without
// Vault is.
func (o *options) runStep(f runFlags, line []string) error {
	s, err := f.readStep()
	if err != nil {
		return err
	}
	o.vault.workflow = cmp.Or(o.vault.workflow, workflowOf(f.file))
	job, err := o.vault.job(o.environment)
	if err != nil {
		return err
	}
	job.Scope.Domain = f.domain
	path, code, err := step.Find(line[0])
	if err != nil {
		return &exitError{code, err}
	}
	var values *metadataapi.Values
	err = o.read(job, func(ctx context.Context, r *step.Reader) (err error) {
		values, err = s.Read(ctx, r)
		return err
	})
	if err != nil {
		return named(err)
	}
	if run, err := o.resolved(s, values, f.partial); err != nil || !run {
		return err
	}
	command := o.command(path, line)
	if code, err := o.serve(s, values, job, command); code != 0 || err != nil {
		return &exitError{code, err}
	}
	return nil
}

// readStep reads the step of the flags.
func (f runFlags) readStep() (*metadataapi.Step, error) {
	if f.file == "" || f.step == "" {
		return nil, errors.New("--workflow-file and --step are required")
	}
	parameters := map[string]string{}
	for _, text := range f.parameters {
		name, value, is := strings.Cut(text, "=")
		if _, twice := parameters[name]; !is || name == "" || twice {
			return nil, fmt.Errorf("invalid --parameter %s: must be NAME=VALUE, with each NAME once", foreign.Quote(name))
		}
		parameters[name] = value
	}
	data, err := conffile.Read(f.file, workflowfile.MaxBytes)
	if err != nil {
		return nil, err
	}
	return metadataapi.ReadStep(f.file, data, f.step, parameters)
}

// workflowOf is the name of a workflow by the name of its file.
func workflowOf(file string) string {
	name := filepath.Base(file)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// resolved reports whether to start the command. The error is what does not resolve.
func (o *options) resolved(s *metadataapi.Step, values *metadataapi.Values, partial bool) (bool, error) {
	ctx := context.Background()
	condition, err := s.Condition(ctx, values)
	switch {
	case err != nil:
		return false, err
	case condition.Resolved && !condition.Success:
		o.print("step " + foreign.Quote(s.Name) + " is skipped: a condition of its when is false")
		return false, nil
	}
	err = s.Unresolved(ctx, values)
	switch {
	case err != nil && !condition.Resolved:
		return false, err // not with --partial, too: whether the step may run is not known
	case errors.Is(err, metadataapi.ErrTooLarge):
		return false, err
	case err != nil && !partial:
		return false, fmt.Errorf("%w\nHint: --partial starts the command nevertheless", err)
	}
	return true, nil
}

// serve runs the command with the metadata API, and returns its exit code.
func (o *options) serve(s *metadataapi.Step, values *metadataapi.Values, job step.Job, command *exec.Cmd) (code int, err error) {
	server, err := metadataapi.Listen(s, values, o.others(job), o.stderr)
	if err != nil {
		return step.ExitFailed, errors.New("start the metadata API: no port of 127.0.0.1 is free")
	}
	defer server.Close() //nolint:errcheck // nothing to do about it at the end
	variables := map[string]string{}
	found, err := s.Environment(context.Background(), values)
	if err != nil {
		return step.ExitFailed, err
	}
	for _, v := range found {
		variables[v.Name] = v.Value
	}
	variables["METADATA_API_URL"] = server.URL()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		with, err := step.WithVariable(command.Env, name, variables[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("step %s: env cannot have the variable %s: %w", foreign.Quote(s.Name), foreign.Quote(name), err))
			continue
		}
		command.Env = with
	}
	if err := errors.Join(errs...); err != nil {
		return step.ExitFailed, fmt.Errorf("%w\nHint: move the value to spec, and let the step read it by ni", err)
	}
	command.Env = withoutProxy(command.Env)
	return o.start(command, values.Secrets())
}

// others reads secrets that the expressions of the step do not use, one after the other: each
// by a login of its own, because the token of the first one is revoked.
func (o *options) others(job step.Job) func(ctx context.Context, name string) (step.Value, error) {
	var one sync.Mutex
	read := map[string]step.Value{}
	return func(ctx context.Context, name string) (step.Value, error) {
		one.Lock()
		defer one.Unlock()
		if value, is := read[name]; is {
			return value, nil
		}
		var found []step.Secret
		err := o.prepared(job).Read(ctx, func(ctx context.Context, r *step.Reader) (err error) {
			found, err = r.Secrets(ctx, []string{name})
			return err
		})
		if err == nil {
			err = o.mask(found)
		}
		if err != nil {
			return step.Value{}, named(err)
		}
		read[name] = found[0].Value
		return found[0].Value, nil
	}
}

// withoutProxy is an environment in which clients reach the metadata API without a proxy.
// Some of them would send its answers to the proxy.
func withoutProxy(environment []string) []string {
	const own = "127.0.0.1"
	values := map[string]string{}
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	if values["HTTP_PROXY"]+values["http_proxy"]+values["ALL_PROXY"]+values["all_proxy"] == "" {
		return environment
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		excluded := strings.TrimPrefix(values[name]+","+own, ",")
		environment = append(step.Without(environment, name), name+"="+excluded)
	}
	return environment
}
