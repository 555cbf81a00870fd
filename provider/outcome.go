// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// firstWrite is a first write that was tried, and what came of it.
type firstWrite struct {
	// address is the secret's, or that of a connection's pointer.
	address  secrets.Address
	observed secrets.Entry
	begun    time.Time
	wrote    secrets.Written
	err      error
}

// setCreated puts a first write into findings and memory. A write that may have happened
// is a warning; the error is that of one that did not.
func (c *computedAttributes) setCreated(w firstWrite, me secrets.Owner, private *privateState, diagnostics *diag.Diagnostics) error {
	switch kind := w.address.Kind(); {
	case w.err == nil:
		c.setWritten(private, me, w.wrote)
	case errors.Is(w.err, secrets.ErrNoRecord):
		c.setRecordMissing(private, w.wrote)
		diagnostics.AddWarning(capital(kind)+" was written without its record", sentence(w.err.Error()))
	case errors.Is(w.err, secrets.ErrOutcomeUnknown):
		c.setResultUnknown(private, w.observed)
		private.Unconfirmed = &unconfirmedWrite{Version: w.observed.Current + 1, From: w.begun, To: time.Now()}
		diagnostics.AddWarning("Nobody knows whether the "+kind+" was written", sentence(w.err.Error()))
	default:
		return w.err
	}
	return nil
}

// reportDeletion says what destroying a resource left in Vault, or why it failed.
func reportDeletion(diagnostics *diag.Diagnostics, a secrets.Address, left secrets.Entry, done secrets.Deletion, err error) {
	switch kind := a.Kind(); {
	case errors.Is(err, secrets.ErrNotOwner):
		diagnostics.AddWarning(capital(kind)+" stays in Vault", sentence(err.Error())+" "+describeRemaining(left)+" Only Terraform's state forgets it.")
	case err != nil:
		report(diagnostics, "Deleting the "+kind, err)
	case done == secrets.NothingOwned, done == secrets.ReleasedOnly:
		diagnostics.AddWarning(capital(kind)+" was no longer this configuration's to delete",
			fmt.Sprintf("%s: %s Terraform lets go of it.", a, describeRemaining(left)))
	}
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
