// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"encoding/base64"
	"regexp"
)

// sealForm is a value that SOPS sealed, from its first to its last byte. SOPS's
// own pattern is open at the end and takes anything between the commas.
var sealForm = regexp.MustCompile(
	`\AENC\[AES256_GCM,data:([A-Za-z0-9+/=]+),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]\z`)

const (
	sealNonceBytes = 32 // SOPS's own, not GCM's usual 12
	sealTagBytes   = 16
)

// sealProblem says what keeps a text from being one string sealed by SOPS, as the
// rest of a sentence, or nothing. The text itself may be a secret in clear.
//
// The lengths matter: data and tag are joined before they are opened, so with
// a longer tag the same bytes could be written in many ways, and one of them opens
// to nothing.
func sealProblem(sealed string) string {
	match := sealForm.FindStringSubmatch(sealed)
	if match == nil {
		if len(sealed) < 4 || sealed[:4] != "ENC[" {
			return "is in clear; encrypt the file with sops, and give the secret a new value: whoever can read the file has seen this one"
		}
		return "is not one whole ENC[...] text: it was cut or added to; set it again with sops"
	}
	_, dataErr := base64.StdEncoding.Strict().DecodeString(match[1])
	nonce, nonceErr := base64.StdEncoding.Strict().DecodeString(match[2])
	tag, tagErr := base64.StdEncoding.Strict().DecodeString(match[3])
	switch {
	case dataErr != nil || nonceErr != nil || tagErr != nil,
		len(nonce) != sealNonceBytes || len(tag) != sealTagBytes:
		return "is not an ENC[...] text as SOPS writes it: it was cut or edited by hand; set it again with sops"
	case match[4] == "int" || match[4] == "float" || match[4] == "bool" || match[4] == "time":
		return "is encrypted as type:" + match[4] + "; values are strings here: put it in quotes in sops edit"
	case match[4] != "str":
		return "is not encrypted as type:str, the only type that sops gives a string; set it again with sops"
	}
	return ""
}
