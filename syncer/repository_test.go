// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// TestMirrorIsDamagedOnlyByItself: a mirror that counts as damaged is deleted and fetched again, which helps against
// neither a full table of files nor a disk that does not answer.
func TestMirrorIsDamagedOnlyByItself(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err     error
		damaged bool
	}{
		"branch not found":    {fmt.Errorf("resolve: %w", gitsource.ErrBranchNotFound), true},
		"git fails":           {fmt.Errorf("resolve: %w", &gitcommand.ExitError{Command: "for-each-ref", Code: 128}), true},
		"too many open files": {fmt.Errorf("open: %w", &os.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}), false},
		"git does not answer": {fmt.Errorf("resolve: %w", &gitcommand.TimeoutError{Command: "for-each-ref"}), false},
	} {
		if err := ofFetched(row.err); errors.Is(err, gitsource.ErrDamaged) != row.damaged || !errors.Is(err, row.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
