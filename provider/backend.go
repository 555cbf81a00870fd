// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// invalidProvider is the headline of whatever is wrong with the provider block.
const invalidProvider = "Invalid provider configuration"

// backend is what the provider hands to its resources.
type backend struct {
	// client is nil while something is pending or wrong.
	client *secrets.Client
	// mount, prefix and domain are empty where they are not known yet, domain also
	// where nobody sets it.
	mount, prefix, domain string
	// unknownSettings names the settings that are not known yet; empty when connected.
	unknownSettings string
	// invalid says why Vault cannot be asked at all; empty when it can.
	invalid         string
	invalidReported sync.Once
	warnings        *warningLog
	// orphansDeleted is done once connections were looked for that a crash left behind.
	orphansDeleted sync.Once
	shared
}

// newBackend makes what can be made of the settings. problems are those that do not
// matter before Vault is needed.
func newBackend(s settings, problems []settingProblem) (*backend, error) {
	out := &backend{mount: s.mount, prefix: s.prefix, domain: s.domain, warnings: &warningLog{}}
	switch {
	case len(problems) > 0:
		out.invalid = describeProblems(problems)
		return out, nil
	case len(s.unknownSettings) > 0:
		out.unknownSettings = strings.Join(s.unknownSettings, ", ")
		return out, nil
	}
	client, err := vaultclient.Connect(s.vault, secrets.Config{
		Owner: s.owner, Settle: s.settle, Reading: s.readGuard, Warn: out.warnings.add,
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
// invalid only once, which is enough to fail the run: the same text for each of many
// resources would bury all else. c is nil while the provider is not configured.
func (b *backend) usable(diagnostics *diag.Diagnostics) bool {
	if b == nil {
		return false
	}
	if b.invalid != "" {
		b.invalidReported.Do(func() { diagnostics.AddError(invalidProvider, b.invalid) })
	}
	return b.invalid == ""
}

// ready reports whether Vault can be asked now, and an error if not. c is nil
// while the provider is not configured.
func (b *backend) ready(diagnostics *diag.Diagnostics) bool {
	switch {
	case b == nil:
		diagnostics.AddError("Not connected to Vault", "The provider is not configured.")
	case b.invalid != "":
		diagnostics.AddError(invalidProvider, b.invalid)
	case b.client == nil:
		diagnostics.AddError("Not connected to Vault",
			fmt.Sprintf("The provider's %s is not known yet. Apply first what it comes from.", b.unknownSettings))
	}
	return b != nil && b.client != nil
}
