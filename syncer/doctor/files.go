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
			out = append(out, writable("mirrors", nearest(d.Config.Mirrors))...)
			break
		}
	}
	if len(out) == 0 {
		out = append(out, ok(filesName, "all can be read, and others cannot read those with credentials"))
	}
	return out
}

// writable returns what stops relay-sync from writing to a file at path, or from creating it: relay-sync does not create
// its folder.
func writable(what, path string) []report.Check {
	at := path
	info, err := os.Stat(at)
	if errors.Is(err, fs.ErrNotExist) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	name := conffile.Display(at)
	if errors.Is(err, fs.ErrNotExist) {
		return []report.Check{warn(filesName, fmt.Sprintf("%s: folder %s not found, and relay-sync does not create it", what, name), "create it for the user of relay-sync, or correct the path; the systemd unit of the package creates its folders when it starts")}
	}
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

// nearest is the folder at path, or the nearest one above it that exists: relay-sync creates those of mirrors.
func nearest(path string) string {
	for {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}
