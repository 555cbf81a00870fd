// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"encoding/base64"
	"encoding/json"
)

// What commands of ni make of a value that a step receives. This project cannot build ni,
// so these functions repeat what runs of it have shown; the value before them comes from
// Relay's own code.

// FileJSON is the file of "ni file -o json": Go's JSON, which has no bytes that are not
// UTF-8. A reader of the file gets the second result.
func FileJSON(value string) (file, read string, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", "", err
	}
	err = json.Unmarshal(text, &read)
	return string(text), read, err
}

// CredentialsFile is the file of "ni credentials config" for a key of credentials: it
// decodes a value that is base64.
func CredentialsFile(value string) string {
	if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
		return string(decoded)
	}
	return value
}

// connectionKeys are where commands of ni expect the fields of a connection, by type.
var connectionKeys = map[string]string{"aws": "aws", "azure": "azure", "gcp": "google", "kubernetes": "cluster", "ssh": "git"}

// ConnectionPath is where a step must receive a connection, as a path of Received, so that
// the command of ni for its type finds every field; false for a type without a command.
func ConnectionPath(kind string) (path string, known bool) {
	key, known := connectionKeys[kind]
	return "spec." + key + ".connection", known
}
