// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// claims are those of an identity token that a role of Vault binds most often.
type claims struct {
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  float64  `json:"exp"`
}

// audience is one text or a list of them.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// describeToken describes the identity token of a rejected login by its claims: Vault does not
// answer what it refuses. It is empty for a login with other credentials, and has no part of the
// signature, without which the claims are no credential.
func describeToken(login Login, body map[string]any, now time.Time) string {
	token, _ := body["jwt"].(string)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	var found claims
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &found) != nil || found.Subject == "" && len(found.Audience) == 0 && found.Expires == 0 {
		return ""
	}
	out := "The token is of " + foreign.Quote(found.Subject) + " for the audience " + foreign.Quote(strings.Join(found.Audience, " "))
	if expires := time.Unix(int64(found.Expires), 0); found.Expires != 0 && !now.Before(expires) {
		out += ", and expired at " + expires.UTC().Format(time.RFC3339)
	} else if _, is := login.(*Kubernetes); is {
		// Also without a connection to the API server, or without the right to review tokens.
		out += ". Vault answers the same if it cannot ask Kubernetes about the token: see Vault's log"
	}
	return out
}
