// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Signatures are the actions that sign records again: every record of the observer that
// is valid only under an older fingerprint key, and that none of the actions writes. A
// released record is among them, and one of a secret that waits: without the older key
// it would not be authentic. They change no version, so no approval is about them, and
// they are not part of the plan's ID.
func Signatures(observed map[secrets.Address]secrets.Entry, actions []Action) []Action {
	older := map[secrets.Address]bool{}
	for address, entry := range observed {
		if entry.MAC == secrets.MACOlderKey {
			older[address] = true
		}
	}
	for i := range actions {
		if actions[i].Kind.Changes() {
			delete(older, actions[i].Address)
		}
	}
	var out []Action
	for _, address := range slices.SortedFunc(maps.Keys(older), Compare) {
		out = append(out, Action{
			Kind: Sign, Address: address, Entry: observed[address], Verdict: secrets.Verdict{State: secrets.InSync},
			Cause: "the record is valid only under an older fingerprint key",
		})
	}
	return out
}
