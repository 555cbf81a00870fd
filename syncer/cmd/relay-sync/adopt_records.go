// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// errNotConfirmed is the error of records that were listed and not signed.
var errNotConfirmed = errors.New("adopt --records: not confirmed, so no record was signed. Hint: answer yes, or add --yes")

// adoptRecords lists the records without a valid MAC, asks, and signs them.
func (o *options) adoptRecords(c *cobra.Command, names []string, reason string, yes bool) error {
	cfg, controller, end, err := o.openChanging()
	if err != nil {
		return err
	}
	defer end()
	found, err := controller.UnsignedRecords(c.Context(), names, o.sources)
	if err != nil {
		return err
	}
	signable := func(u report.UnsignedRecord) bool { return u.Err == nil }
	if !yes && slices.ContainsFunc(found, signable) {
		if err := render.NewText(o.stderr, wantsColor(o.stderr)).WriteUnsignedRecords(found); err != nil {
			return err
		}
		if !o.confirmed("Sign these records? A signature confirms that this controller wrote them. Answer yes to sign: ") {
			return errNotConfirmed
		}
	}
	controller.SignRecords(c.Context(), found, reason)
	o.changed(c.Context(), cfg)
	if err := o.writeUnsignedRecords(found); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if !slices.ContainsFunc(found, func(u report.UnsignedRecord) bool { return u.Err != nil }) {
		return nil
	}
	return exitError{report.Failed}
}

// confirmed asks a question and reads one line. Only "yes" confirms.
func (o *options) confirmed(question string) bool { return o.confirmedBy(os.Stdin, question) }

func (o *options) confirmedBy(person io.Reader, question string) bool {
	o.ask(question)
	line, err := bufio.NewReader(person).ReadString('\n')
	if err != nil {
		fmt.Fprintln(o.stderr)
	}
	return strings.TrimSpace(line) == "yes"
}

func (o *options) writeUnsignedRecords(all []report.UnsignedRecord) error {
	if o.output == "json" {
		return render.WriteUnsignedRecordsJSON(o.stdout, all)
	}
	return render.NewText(o.stdout, wantsColor(o.stdout)).WriteUnsignedRecords(all)
}
