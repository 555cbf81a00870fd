// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package problem

import "strings"

// maxListed is how many names or locations a message lists: a repository may have
// thousands of them.
const maxListed = 5

// Listed joins the first names or locations of a list with commas; more than that are only
// mentioned.
func Listed(all []string) string {
	if Enough(all) {
		all = append(all[:maxListed:maxListed], "and more")
	}
	return strings.Join(all, ", ")
}

// Enough reports whether Listed does not show the rest, so that it need not be gathered.
func Enough(all []string) bool { return len(all) > maxListed }
