// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"encoding/base64"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// sealForm is a complete value as SOPS encrypts it. The pattern of SOPS itself is open
// at the end and accepts anything between the commas.
var sealForm = lazyregexp.New(
	`\AENC\[AES256_GCM,data:([A-Za-z0-9+/=]+),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]\z`)

const (
	sealNonceBytes = 32 // SOPS does not use the 12 bytes that are usual for GCM
	sealTagBytes   = 16
)

// sealProblem returns why a text is not one string encrypted by SOPS, as the rest of a
// sentence, or "". The text itself can be a secret in clear text.
//
// The lengths matter: data and tag are concatenated before decryption, so with a longer
// tag the same bytes could be written in several ways, and one of them decrypts to an
// empty value.
func sealProblem(sealed string) string {
	match := sealForm.FindStringSubmatch(sealed)
	if match == nil {
		if len(sealed) < 4 || sealed[:4] != "ENC[" {
			return "is in clear text; " + repeatChange + ", with a new value, because others could read this one"
		}
		return "is not a complete ENC[...] value: it was truncated or extended; " + repeatChange
	}
	_, dataErr := base64.StdEncoding.Strict().DecodeString(match[1])
	nonce, nonceErr := base64.StdEncoding.Strict().DecodeString(match[2])
	tag, tagErr := base64.StdEncoding.Strict().DecodeString(match[3])
	switch {
	case dataErr != nil || nonceErr != nil || tagErr != nil,
		len(nonce) != sealNonceBytes || len(tag) != sealTagBytes:
		return "is not a valid ENC[...] value: it was truncated or edited by hand; " + repeatChange
	case match[4] == "int" || match[4] == "float" || match[4] == "bool" || match[4] == "time":
		return "is encrypted as type:" + match[4] + "; values must be strings: put it in quotes in sops edit"
	case match[4] != "str":
		return "is not encrypted as type:str, the only type that sops gives a string; " + repeatChange
	}
	return ""
}
