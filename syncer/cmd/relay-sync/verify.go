// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
)

func (o *options) verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "Check manifests by every rule that needs no key and no Vault",
		Long: `verify reads SOPS manifests and refuses what apply would refuse, as far as that can
be told without a key: syntax, layout, names, values left in clear, what SOPS does
not authenticate. Files are read as they lie; without files, the manifests of each
source's commit are.`,
		RunE: func(c *cobra.Command, files []string) error { return o.verify(c, files) },
	}
	o.configFlags(c)
	return c
}

func (o *options) verify(c *cobra.Command, files []string) error {
	var verified []syncer.Verified
	if len(files) > 0 {
		for _, name := range files {
			verified = append(verified, verifyFile(name))
		}
	} else {
		cfg, err := syncer.ReadConfig(o.config)
		if err != nil {
			return fmt.Errorf("no file was named, and %w", err)
		}
		if verified, err = syncer.New(cfg, version).Verify(c.Context(), o.sources); err != nil {
			return err
		}
	}
	if err := o.writeVerified(verified); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	for _, v := range verified {
		if v.Err != nil {
			return exitError{syncer.Failed}
		}
	}
	return nil
}

func verifyFile(name string) syncer.Verified {
	data, err := readBounded(name)
	if err != nil {
		return syncer.Verified{File: name, Err: err}
	}
	return syncer.VerifyFile(name, data)
}

func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, sopsfile.MaxBytes+1))
}

func (o *options) writeVerified(all []syncer.Verified) error {
	if o.output == "json" {
		return writeVerifiedJSON(o.stdout, all)
	}
	return syncer.NewText(o.stdout, wantsColor(o.stdout)).WriteVerified(all)
}

func writeVerifiedJSON(w io.Writer, all []syncer.Verified) error {
	type fileJSON struct {
		Source  string `json:"source,omitempty"`
		File    string `json:"file"`
		Secrets int    `json:"secrets"`
		Error   string `json:"error,omitempty"`
	}
	files := make([]fileJSON, len(all))
	for i, v := range all {
		files[i] = fileJSON{Source: v.Source, File: v.File, Secrets: v.Secrets}
		if v.Err != nil {
			files[i].Error = v.Err.Error()
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"files": files})
}
