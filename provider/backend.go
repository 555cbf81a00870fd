// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// invalidProvider is the summary of every problem of the provider block.
const invalidProvider = "Invalid provider configuration"

// backend is the configured Vault client behind resources and data sources.
type backend struct {
	// client is nil while a setting is unknown or invalid.
	client *secrets.Client
	// mount, prefix and domain are empty while they are not known; domain also if it
	// is not set.
	mount, prefix, domain string
	// namespace is in the form of an address.
	namespace string
	// unknownSettings names the settings that are known only during the apply; empty
	// for none.
	unknownSettings string
	// addressUnknown: one of them is a part of every address.
	addressUnknown bool
	// invalid lists the problems of the provider block; empty for none.
	invalid         string
	invalidReported sync.Once
	warnings        *warningLog
	// planned are the observations of planCreate by address. In an apply, a create
	// follows its plan at once and needs no second read: the write is checked against
	// what was observed.
	planned sync.Map
	// cleanedUp lets an apply clean up connections once.
	cleanedUp sync.Once
	// relayBodies finds what Relay wrote for connections that an apply takes over.
	relayBodies connections.RelayBodies
	shared
}

// newBackend creates the backend for the settings, and what all secrets share. problems
// are those that matter only once Vault is needed.
func newBackend(s settings, problems []settingProblem, common shared) (*backend, error) {
	out := &backend{
		namespace: secrets.CanonicalNamespace(s.vault.Namespace), mount: s.mount, prefix: s.prefix, domain: s.domain,
		warnings: &warningLog{}, shared: common,
	}
	switch {
	case len(problems) > 0:
		out.invalid = describeProblems(problems)
		return out, nil
	case len(s.unknownSettings) > 0:
		out.unknownSettings = strings.Join(s.unknownSettings, ", ")
		out.addressUnknown = slices.ContainsFunc(s.unknownSettings, isAddressSetting)
		return out, nil
	}
	for _, warning := range s.vault.Warnings() {
		out.warnings.add(warning)
	}
	client, err := vaultclient.Connect(s.vault, secrets.Config{
		Owner: s.owner, Settle: s.settle, Encoding: s.encoding, Keys: common.fingerprint, Reading: s.readGuard, Warn: out.warnings.add,
	})
	out.client = client
	return out, err
}

// root returns where the provider block puts workflows.
func (b *backend) root() secrets.Scope {
	return secrets.Scope{Namespace: b.namespace, Mount: b.mount, Prefix: b.prefix}
}

// pathOf returns the path of a value as a policy has it, below the namespace.
func pathOf(a secrets.Address) string {
	if a.Namespace == "" {
		return a.Path()
	}
	return a.Namespace + "/" + a.Path()
}

// observePlanned observes an object before its create.
func (b *backend) observePlanned(ctx context.Context, a secrets.Address) (secrets.Entry, error) {
	if planned, found := b.planned.LoadAndDelete(a); found {
		if entry, ok := planned.(secrets.Entry); ok {
			return entry, nil
		}
	}
	return b.client.Describe(ctx, a)
}

// isAddressSetting reports whether a setting is a part of addresses.
func isAddressSetting(setting string) bool {
	return slices.Contains([]string{"namespace", "mount", "prefix", "domain"}, setting)
}

// describeProblems lists all problems in one text: a resource cannot point at an
// attribute of the provider block.
func describeProblems(problems []settingProblem) string {
	var text strings.Builder
	text.WriteString("This resource needs Vault, and the provider \"relay\" is not configured for it:\n")
	for _, found := range problems {
		fmt.Fprintf(&text, "\n  - %s", found.detail())
	}
	return text.String()
}

// usable reports whether Vault can be reached, now or in the apply. It reports the
// problems of the provider block for one resource only, which fails the run. b is
// nil while the provider is not configured.
func (b *backend) usable(diagnostics *diag.Diagnostics) bool {
	if b == nil {
		return false
	}
	if b.invalid != "" {
		b.invalidReported.Do(func() { diagnostics.AddError(invalidProvider, b.invalid) })
	}
	return b.invalid == ""
}

// ready reports whether Vault can be reached now; if not, it reports an error. b is
// nil while the provider is not configured.
func (b *backend) ready(diagnostics *diag.Diagnostics) bool {
	switch {
	case b == nil:
		diagnostics.AddError(noVault, "The provider is not configured.")
	case b.invalid != "":
		diagnostics.AddError(invalidProvider, b.invalid)
	case b.client == nil:
		diagnostics.AddError(noVault, fmt.Sprintf("The provider's %s is known only during the apply. "+
			"First apply the resources that define it.", b.unknownSettings))
	}
	return b != nil && b.client != nil
}

// noVault is the summary if an operation needs Vault before it is configured.
const noVault = "Vault is not configured yet"

// knownDuringApply is why drift is not checked while settings are unknown.
func (b *backend) knownDuringApply() string {
	return "the provider's " + b.unknownSettings + " is known only during the apply"
}
