// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func (o *options) verifyCommand() *cobra.Command {
	w := &workflowOptions{}
	c := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "Check manifests by every rule that needs no key and no Vault",
		Long: `verify reads SOPS manifests and refuses what apply would refuse, as far as that can
be told without a key: syntax, layout, names, values left in clear, what SOPS does
not authenticate. Files are read as they lie; without files, the manifests of each
source's commit are.

With --workflows it also reads Relay workflow files as they lie, and compares the
secrets that their steps and triggers reference with those in the manifests: missing
ones, names that differ only in case or by - and _, and what Relay would refuse or
not resolve. A file is the workflow of its name without folder and suffix, unless
--workflow names it. It exits with 1 where a step could not start; secrets that are
never referenced, and what else is odd, are only shown.`,
		RunE: func(c *cobra.Command, files []string) error { return o.verify(c, files, w) },
	}
	o.configFlags(c)
	w.flags(c)
	return c
}

func (o *options) verify(c *cobra.Command, files []string, w *workflowOptions) error {
	if err := w.check(); err != nil {
		return err
	}
	var verified []syncer.Verified
	if len(files) > 0 {
		for _, name := range files {
			verified = append(verified, verifyFile(name))
		}
	} else {
		cfg, err := config.Read(o.config)
		if err != nil {
			return fmt.Errorf("no file was named, and %w", err)
		}
		if verified, err = syncer.New(cfg, version).Verify(c.Context(), o.sources); err != nil {
			return err
		}
	}
	var references []syncer.References
	if len(w.patterns) > 0 {
		var err error
		if references, err = o.references(c.Context(), w, verified); err != nil {
			return err
		}
	}
	if err := o.writeVerified(verified, references, w.where()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if slices.ContainsFunc(verified, func(v syncer.Verified) bool { return v.Err != nil }) ||
		slices.ContainsFunc(references, syncer.References.Failed) {
		return exitError{syncer.Failed}
	}
	return nil
}

func verifyFile(name string) syncer.Verified {
	data, err := readBounded(name, sopsfile.MaxBytes)
	if err != nil {
		return syncer.Verified{File: name, Err: err}
	}
	return syncer.VerifyFile(name, data)
}

// readBounded reads one byte more than most at the most.
func readBounded(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most+1))
}

func (o *options) writeVerified(all []syncer.Verified, references []syncer.References, where string) error {
	if o.output == "json" {
		return writeVerifiedJSON(o.stdout, all, references)
	}
	text := syncer.NewText(o.stdout, wantsColor(o.stdout))
	if err := text.WriteVerified(all); err != nil || references == nil {
		return err
	}
	return text.WriteReferences(references, where)
}

func writeVerifiedJSON(w io.Writer, all []syncer.Verified, references []syncer.References) error {
	type fileJSON struct {
		Source  string `json:"source,omitempty"`
		File    string `json:"file"`
		Secrets int    `json:"secrets"`

		Connections int      `json:"connections,omitempty"`
		Notes       []string `json:"notes,omitempty"`
		Error       string   `json:"error,omitempty"`
	}
	files := make([]fileJSON, len(all))
	for i, v := range all {
		files[i] = fileJSON{Source: v.Source, File: v.File, Secrets: v.Secrets, Connections: v.Connections, Notes: v.Notes}
		if v.Err != nil {
			files[i].Error = v.Err.Error()
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	report := map[string]any{"files": files}
	if references != nil {
		report["workflows"] = workflowsJSON(references)
	}
	return encoder.Encode(report)
}
