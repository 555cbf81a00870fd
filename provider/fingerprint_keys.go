// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func fingerprintKeyAttribute() schema.Attribute {
	return schema.ListAttribute{
		Optional:    true,
		Sensitive:   true,
		ElementType: types.StringType,
		MarkdownDescription: "Keys for fingerprints, newest first. Each has at least 32 bytes, for example from `openssl rand -base64 32`. Keys can " +
			"be ephemeral, and are not stored. With a key, each write stores two HMACs in the secret's metadata: one of the address and the " +
			"value, which `detect_changes` compares, and one of the record itself (`mac1`), so that a record that another writer changed is " +
			"reported as `record not authentic`. The first key makes them; every key verifies them. To replace a key, put the new one " +
			"first, and remove the old one after each secret was written again. To see which secrets still need the old key, plan without it, " +
			"and do not apply: each of them has the warning `record not authentic`, and with `detect_changes` every value counts as changed. Default: `" +
			fingerprintVariable + "` with one key a line, else no fingerprints.",
		Validators: []validator.List{listvalidator.NoNullValues(), fingerprintKeysValidator{}},
	}
}

// loadKeys reads the fingerprint keys from the provider block, else the environment.
func (s *shared) loadKeys(configured types.List, env environment) diag.Diagnostics {
	var problems diag.Diagnostics
	if !isKnown(configured) {
		s.fingerprintUnknown = true
		return problems
	}
	keys := keyTexts(configured)
	if len(keys) == 0 {
		keys = nonEmptyKeys(strings.Split(env.get(fingerprintVariable), "\n"))
	}
	var err error
	if s.fingerprint, err = secrets.NewFingerprintKeys(keys...); err != nil {
		problems.AddAttributeError(path.Root("fingerprint_key"), invalidProvider, sentence(err.Error()))
	}
	return problems
}

// keyTexts are the known keys of a list. An empty text counts as not set.
func keyTexts(list types.List) [][]byte {
	var texts []string
	for _, element := range list.Elements() {
		if text, is := element.(types.String); is {
			texts = append(texts, text.ValueString())
		}
	}
	return nonEmptyKeys(texts)
}

func nonEmptyKeys(texts []string) [][]byte {
	var out [][]byte
	for _, text := range texts {
		if text != "" {
			out = append(out, []byte(text))
		}
	}
	return out
}

// fingerprintKeysValidator refuses keys that are too short, or the same. Its error
// quotes no key.
type fingerprintKeysValidator struct{}

func (fingerprintKeysValidator) Description(context.Context) string {
	return "different keys of at least 32 bytes"
}

func (v fingerprintKeysValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (fingerprintKeysValidator) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if _, err := secrets.NewFingerprintKeys(keyTexts(req.ConfigValue)...); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, invalidProvider, sentence(err.Error()))
	}
}
