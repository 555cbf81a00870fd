// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// wrongProvider is the headline of whatever is wrong with the provider block.
const wrongProvider = "Invalid provider configuration"

// connection is what the provider hands to its resources.
type connection struct {
	// client is nil while something is pending or wrong.
	client *secrets.Client
	// mount, prefix and domain are empty where they are not known yet, domain also
	// where nobody sets it.
	mount, prefix, domain string
	// pending names the settings that are not known yet; empty when connected.
	pending string
	// wrong says why Vault cannot be asked at all; empty when it can.
	wrong  string
	blamed sync.Once
	notes  *notes
	// swept is done once connections were looked for that a crash left behind.
	swept sync.Once
	standing
}

// connect makes what can be made of the settings. problems are those that do not
// matter before Vault is needed.
func connect(s settings, problems []settingProblem) (*connection, error) {
	out := &connection{mount: s.mount, prefix: s.prefix, domain: s.domain, notes: &notes{}}
	switch {
	case len(problems) > 0:
		out.wrong = describeProblems(problems)
		return out, nil
	case len(s.unknown) > 0:
		out.pending = strings.Join(s.unknown, ", ")
		return out, nil
	}
	client, err := secrets.Connect(s.connection, secrets.Config{
		Owner: s.owner, Settle: s.settle, Reading: s.reading, Warn: out.notes.add,
	})
	out.client = client
	return out, err
}

// describeProblems is all of them in one text, because a resource has no place in
// the provider block to point at.
func describeProblems(problems []settingProblem) string {
	var text strings.Builder
	text.WriteString("This needs Vault, and the provider \"relay\" cannot reach it:\n")
	for _, found := range problems {
		fmt.Fprintf(&text, "\n  - %s", found.detail())
	}
	return text.String()
}

// usable reports whether Vault can be asked, now or in the apply. It says what is
// wrong only once, which is enough to fail the run: the same text for each of many
// resources would bury all else. c is nil while the provider is not configured.
func (c *connection) usable(diagnostics *diag.Diagnostics) bool {
	if c == nil {
		return false
	}
	if c.wrong != "" {
		c.blamed.Do(func() { diagnostics.AddError(wrongProvider, c.wrong) })
	}
	return c.wrong == ""
}

// connected reports whether Vault can be asked now, and an error if not. c is nil
// while the provider is not configured.
func (c *connection) connected(diagnostics *diag.Diagnostics) bool {
	switch {
	case c == nil:
		diagnostics.AddError("Not connected to Vault", "The provider is not configured.")
	case c.wrong != "":
		diagnostics.AddError(wrongProvider, c.wrong)
	case c.client == nil:
		diagnostics.AddError("Not connected to Vault",
			fmt.Sprintf("The provider's %s is not known yet. Apply first what it comes from.", c.pending))
	}
	return c != nil && c.client != nil
}
