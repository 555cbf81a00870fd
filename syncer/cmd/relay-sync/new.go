// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

func (o *options) newCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "new WORKFLOW [NAME...]",
		Short: "Write a first manifest for sops to encrypt",
		Long: `new writes a manifest with the named secrets of a workflow, or with one example, and
prints the commands that encrypt it and set the values. It writes placeholders, so no
value is on disk in plain text. It needs no configuration, no key and no Vault, and never
replaces a file.`,
		Example: `  relay-sync new deploy-production registry_password tls_key --file secrets/platform/deploy.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no workflow given: expected WORKFLOW, and the names of its secrets")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.newManifest(args[0], args[1:], file) },
	}
	completeFirst(c, workflowNames)
	c.Flags().StringVar(&file, "file", "", "path of the new file (default: WORKFLOW.yaml)")
	return c
}

func (o *options) newManifest(workflow string, names []string, file string) error {
	if len(names) == 0 {
		names = []string{"example_secret"}
	}
	data, err := sopsfile.Sample(workflow, names)
	if err != nil {
		return fmt.Errorf("write a manifest: %w", err)
	}
	if file == "" {
		file = workflow + ".yaml"
	}
	if sopsfile.FormatOf(file) != sopsfile.YAML {
		return fmt.Errorf("invalid --file %q: must end with .yaml or .yml", file)
	}
	rules, err := hasSOPSRules(file)
	if err == nil {
		err = createFile(file, data)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", conffile.Display(file), err)
	}
	next := []string{"sops encrypt --in-place " + secrets.QuoteShell(file), "sops edit " + secrets.QuoteShell(file)}
	if o.output == "json" {
		return render.Document(o.stdout, map[string]any{"file": file, "commands": next, "sops_config_found": rules})
	}
	text := "Wrote " + conffile.Display(file) + " with placeholders. Encrypt it, then set the values:\n  " + strings.Join(next, "\n  ") + "\n"
	text += "sops edit looks for your age key in the file that SOPS_AGE_KEY_FILE names, or in ~/.config/sops/age/keys.txt.\n"
	if !rules {
		text += sopsRules
	}
	_, err = fmt.Fprint(o.stdout, text)
	return err
}

// sopsRules explains what sops needs before it can encrypt the first file.
const sopsRules = `No .sops.yaml found in the folder of the file or above it. Create it first, with the
public keys of relay-sync (age-keygen -y KEYFILE) and of each person who edits the file:
  creation_rules:
    - path_regex: \.yaml$
      age: age1...,age1...
`

// hasSOPSRules reports whether sops finds its configuration for a file.
func hasSOPSRules(file string) (bool, error) {
	folder, err := filepath.Abs(filepath.Dir(file))
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, ".sops.yaml")); err == nil {
			return true, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return false, nil
		}
		folder = above
	}
	return false, err
}

// createFile writes a file that does not exist, and creates its folder, as of a new
// repository.
func createFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return errors.New("already exists; choose another --file, or add the secrets to it with sops edit")
	case err != nil:
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
