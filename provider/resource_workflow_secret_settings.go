// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// fill sets the arguments that apply: those of the resource, else the defaults of
// the provider block. A setting that neither has stays null, and unchanged in Vault.
func (m *workflowSecretModel) fill(config workflowSecretModel, d defaults) {
	m.options.fill(config.options, d.options)
	m.DeleteVersionAfter = firstString(config.DeleteVersionAfter, d.DeleteVersionAfter)
	m.DetectChanges = firstBool(config.DetectChanges, d.DetectChanges)
	m.MaxVersions = config.MaxVersions
	if m.MaxVersions.IsNull() {
		m.MaxVersions = d.MaxVersions
	}
	m.CustomMetadataAll = mergeLabels(d.CustomMetadata, config.CustomMetadata)
}

// mergeLabels merges two maps of labels, of which over takes precedence; null for
// none.
func mergeLabels(under, over types.Map) types.Map {
	if over.IsUnknown() {
		return types.MapUnknown(types.StringType)
	}
	all := map[string]attr.Value{}
	maps.Copy(all, under.Elements())
	maps.Copy(all, over.Elements())
	if len(all) == 0 {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, all)
}

// labels returns the labels that are known.
func labels(m types.Map) map[string]string {
	out := map[string]string{}
	for key, element := range m.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			out[key] = text.ValueString()
		}
	}
	return out
}

// desiredSettings returns the planned settings, and the labels of the state that the
// plan no longer has. A setting that neither has stays as observed.
func (m workflowSecretModel) desiredSettings(state workflowSecretModel, observed secrets.Settings) (want secrets.Settings, forget []string) {
	want = secrets.Settings{
		MaxVersions:        observed.MaxVersions,
		DeleteVersionAfter: observed.DeleteVersionAfter,
		Labels:             labels(m.CustomMetadataAll),
	}
	// A setting that was removed returns to the mount's default, 0.
	if !m.MaxVersions.IsNull() || !state.MaxVersions.IsNull() {
		want.MaxVersions = int(m.MaxVersions.ValueInt64())
	}
	if !m.DeleteVersionAfter.IsNull() || !state.DeleteVersionAfter.IsNull() {
		want.DeleteVersionAfter = lifetime(m.DeleteVersionAfter)
	}
	for _, key := range slices.Sorted(maps.Keys(state.CustomMetadataAll.Elements())) {
		if _, still := want.Labels[key]; !still {
			forget = append(forget, key)
		}
	}
	return want, forget
}

// settingsDiffer reports whether a plan changes settings.
func (m workflowSecretModel) settingsDiffer(state workflowSecretModel) bool {
	return !m.MaxVersions.Equal(state.MaxVersions) || !m.DeleteVersionAfter.Equal(state.DeleteVersionAfter) ||
		!m.CustomMetadataAll.Equal(state.CustomMetadataAll)
}

// keepSettings keeps the settings of the state.
func (m *workflowSecretModel) keepSettings(state workflowSecretModel) {
	m.MaxVersions, m.DeleteVersionAfter = state.MaxVersions, state.DeleteVersionAfter
	m.CustomMetadata, m.CustomMetadataAll = state.CustomMetadata, state.CustomMetadataAll
}

// afterFailedUpdate returns the state after a failed update: nothing of the plan,
// except the settings, which may have changed.
func (m workflowSecretModel) afterFailedUpdate(plan workflowSecretModel) workflowSecretModel {
	m.MaxVersions, m.DeleteVersionAfter = plan.MaxVersions, plan.DeleteVersionAfter
	m.CustomMetadata, m.CustomMetadataAll = plan.CustomMetadata, plan.CustomMetadataAll
	return m
}

// keepEitherSettings keeps the settings of plan and state after a change whose result
// is not certain. The next refresh observes both.
func (m *workflowSecretModel) keepEitherSettings(state workflowSecretModel) {
	if !state.MaxVersions.IsNull() {
		m.MaxVersions = state.MaxVersions
	}
	if !state.DeleteVersionAfter.IsNull() {
		m.DeleteVersionAfter = state.DeleteVersionAfter
	}
	m.CustomMetadata = mergeLabels(m.CustomMetadata, state.CustomMetadata)
	m.CustomMetadataAll = mergeLabels(m.CustomMetadataAll, state.CustomMetadataAll)
}

// setObservedSettings sets the observed values of the settings that this resource
// manages.
func (m *workflowSecretModel) setObservedSettings(s secrets.Settings) {
	if !m.MaxVersions.IsNull() {
		m.MaxVersions = types.Int64Value(int64(s.MaxVersions))
	}
	if !m.DeleteVersionAfter.IsNull() && lifetime(m.DeleteVersionAfter) != s.DeleteVersionAfter {
		m.DeleteVersionAfter = types.StringValue(s.DeleteVersionAfter.String())
	}
	m.CustomMetadata = existingLabels(m.CustomMetadata, s.Labels)
	m.CustomMetadataAll = existingLabels(m.CustomMetadataAll, s.Labels)
}

// existingLabels returns the managed labels that the entry has, with its values.
func existingLabels(managed types.Map, observed map[string]string) types.Map {
	if managed.IsNull() {
		return managed
	}
	out := map[string]attr.Value{}
	for key := range managed.Elements() {
		if text, ok := observed[key]; ok {
			out[key] = types.StringValue(text)
		}
	}
	return types.MapValueMust(types.StringType, out)
}

// lifetime returns delete_version_after as a duration; 0 if it is not set.
func lifetime(text types.String) time.Duration {
	d, err := time.ParseDuration(text.ValueString())
	if err != nil {
		return 0 // null, unknown, or refused by lifetimeValidator
	}
	return d
}

// keepSpelling keeps "720h" in the state if the configuration now has "720h0m0s".
func (m *workflowSecretModel) keepSpelling(state workflowSecretModel) {
	now, was := m.DeleteVersionAfter, state.DeleteVersionAfter
	if !now.IsNull() && !now.IsUnknown() && !was.IsNull() && lifetime(now) == lifetime(was) {
		m.DeleteVersionAfter = was
	}
}

// maxVersionsValidator, lifetimeValidator and labelsValidator refuse values that Vault
// refuses.
type (
	maxVersionsValidator struct{}
	lifetimeValidator    struct{}
	labelsValidator      struct{}
)

func (maxVersionsValidator) Description(context.Context) string { return "0 to 10000" }
func (lifetimeValidator) Description(context.Context) string {
	return "a duration in whole seconds, such as 720h"
}
func (labelsValidator) Description(context.Context) string {
	return "up to 63 labels with keys of 1 to 128 and values of 1 to 512 bytes"
}
func (v maxVersionsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}
func (v lifetimeValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }
func (v labelsValidator) MarkdownDescription(ctx context.Context) string   { return v.Description(ctx) }

func (maxVersionsValidator) ValidateInt64(_ context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	if err := (secrets.Settings{MaxVersions: int(req.ConfigValue.ValueInt64())}).Check(); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid number of versions", "Must be 0 to 10000; 0 is the mount's default.")
	}
}

func (lifetimeValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	d, err := time.ParseDuration(req.ConfigValue.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
			"Must be a duration with a unit, such as \"720h\" or \"90s\". There is no unit for days; use hours.")
		return
	}
	if err := (secrets.Settings{DeleteVersionAfter: d}).Check(); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration", "Must be a whole number of seconds, at least 0s; 0s is the mount's default.")
	}
}

func (labelsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	checkLabels(req.Path, req.ConfigValue, &resp.Diagnostics)
}

func checkLabels(at path.Path, m types.Map, diagnostics *diag.Diagnostics) {
	joined, ok := (secrets.Settings{Labels: labels(m)}).Check().(interface{ Unwrap() []error })
	if !ok {
		return // all valid
	}
	for _, err := range joined.Unwrap() {
		diagnostics.AddAttributeError(at, "Invalid label", sentence(err.Error()))
	}
}
