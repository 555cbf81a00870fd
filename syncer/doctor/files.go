// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const filesName = "files"

// files checks that the files of the configuration can be used, and that others cannot read
// those with credentials.
func (d Doctor) files() []report.Check {
	var out []report.Check
	for _, p := range append(d.Config.HookFileProblems(), d.Config.SyncFileProblems()...) {
		hint := "create it, or correct the path in the configuration"
		if errors.Is(p, fs.ErrPermission) {
			hint = "give the user of relay-sync permission to read it"
		}
		out = append(out, failed(filesName, p, hint))
	}
	for _, text := range d.Config.Warnings() {
		c := failed(filesName, errors.New(text), "")
		c.State = report.CheckWarning
		out = append(out, c)
	}
	if path := d.Config.Audit; path != "" && path != auditfile.Stdout {
		out = append(out, writable("audit file", path)...)
	}
	for _, s := range d.Config.Sources {
		if s.IsRemote() {
			out = append(out, writable("mirrors", filepath.Join(d.Config.Mirrors, "any"))...)
			break
		}
	}
	if len(out) == 0 {
		out = append(out, ok(filesName, "all can be read, and others cannot read those with credentials"))
	}
	return out
}

// writable checks that a file can be made in the nearest existing folder of a path. It makes
// none.
func writable(what, path string) []report.Check {
	at := path
	info, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	name := conffile.Display(at)
	if err != nil {
		return []report.Check{bad(filesName, fmt.Sprintf("%s: %s cannot be read", what, name), "give the user of relay-sync permission")}
	}
	if access(at) != nil {
		hint := conffile.HintForOwner(at, info, "")
		if hint == "" {
			hint = "give the user of relay-sync permission to write it"
		}
		return []report.Check{bad(filesName, fmt.Sprintf("%s: permission denied to write %s", what, name), trimHint(hint))}
	}
	return nil
}
