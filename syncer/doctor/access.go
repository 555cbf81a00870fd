// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"strings"

	"golang.org/x/sys/unix"
)

// access reports whether this process may write a file, or make files in a folder.
func access(path string) error { return unix.Access(path, unix.W_OK) }

// trimHint is a hint without the mark before it.
func trimHint(hint string) string { return strings.TrimPrefix(hint, hintMark) }
