// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func parseOwner(id string) (secrets.Owner, error) {
	if id == "" {
		return secrets.NoOwner, errors.New("is required; set it or RELAY_OWNER to an id " +
			"that no other configuration in the same Vault has, such as \"shop-prod\"")
	}
	return secrets.TerraformOwner(id)
}

func parseSettle(text string) (time.Duration, error) {
	settle, err := time.ParseDuration(text)
	if err != nil || settle <= 0 || settle > time.Hour {
		return 0, fmt.Errorf("must be a duration above 0 and up to 1h, such as \"30s\"; it is %q", text)
	}
	return settle, nil
}

func parseMount(text string) (string, error) {
	text = strings.Trim(text, "/")
	return text, secrets.CheckPath("mount", text)
}

func parsePrefix(text string) (string, error) {
	text = strings.Trim(text, "/")
	return text, secrets.CheckPrefix(text)
}

// parseDomain parses an optional name.
func parseDomain(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return text, secrets.CheckName("domain", text)
}

func parseReadGuard(text string) (secrets.ReadGuard, error) {
	switch text {
	case "off":
		return secrets.IgnoreReadable, nil
	case "warn":
		return secrets.WarnIfReadable, nil
	case "error":
		return secrets.RejectIfReadable, nil
	}
	return secrets.RejectIfReadable, fmt.Errorf("must be \"warn\", \"error\" or \"off\"; it is %q", text)
}

// parseHeaders parses a JSON object of strings. Its error does not quote the text: a
// header can be a credential.
func parseHeaders(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var headers map[string]string
	if json.Unmarshal([]byte(text), &headers) != nil {
		return nil, errors.New("must be a JSON object of strings in VAULT_HEADERS, such as {\"X-Team\": \"shop\"}")
	}
	return headers, nil
}

// parseNumber parses a whole number. The check of the Vault settings checks its range.
func parseNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("must be a whole number; it is %q", text)
	}
	return n, nil
}

// parsePositive is parseNumber for settings in which the Vault client takes 0 as the
// default.
func parsePositive(text string) (int, error) {
	n, err := parseNumber(text)
	if err == nil && n == 0 {
		return 0, errors.New("must be at least 1")
	}
	return n, err
}
