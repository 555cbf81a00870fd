// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

// afterDeletion is what a person has to know before the deletion of a secret of another owner,
// who can write it again.
func afterDeletion(o secrets.Owner) string {
	kind, _, _ := strings.Cut(string(o), "/")
	switch kind {
	case "terraform":
		return "Its next apply writes the secret again. To delete it for good, remove it from that configuration instead."
	case "gitops":
		return "Its next sync writes the secret again, unless the source only reports drift. To delete it for good, remove it from the files of that source instead."
	case "person", "team":
		return "Only they can undelete it."
	}
	return "It cannot be undeleted here."
}

// whoUndeletes is who can undelete a secret of an owner, as the end of a sentence.
func whoUndeletes(o secrets.Owner) string {
	kind, _, _ := strings.Cut(string(o), "/")
	switch kind {
	case "terraform":
		return "its next terraform apply writes it again"
	case "gitops":
		return "who runs the daemon can restore it with relay-sync undelete"
	case "team":
		return "members of " + render.Owner(o) + " can undelete it, with the permission for that"
	}
	return "only " + render.Owner(o) + " can undelete it, with the permission for that"
}

// afterTakeover is what a person has to know before a takeover from an owner.
func afterTakeover(o secrets.Owner) string {
	kind, _, _ := strings.Cut(string(o), "/")
	switch kind {
	case "terraform":
		return "Its next apply fails until the secret is removed from that configuration. Remove it there only after the takeover: before it, Terraform would delete the value."
	case "gitops":
		return "Its next sync reports the secret as owned by another until it is removed from the files of that source. Remove it there only after the takeover: before it, the source would delete the value."
	case "person", "team":
		return "They can no longer replace or delete it without a takeover of their own."
	}
	return "From then on it is managed."
}
