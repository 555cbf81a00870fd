// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import "sync"

// Reloaded is what was read from files that may be replaced at any time. It is read again when
// they have changed. Files that cannot be used, such as half of a pair, leave it as it is. It
// is safe for concurrent use.
type Reloaded[T any] struct {
	files []string
	read  func() (T, error)
	note  func(error)

	mu      sync.Mutex
	current T
	// version is that of current, and refused that of the files whose error was noted.
	version, refused Version
}

// NewReloaded reads the files with read. note gets the error for each change of the files to
// ones that cannot be used, once, and nil when others are used from now on.
func NewReloaded[T any](read func() (T, error), note func(error), files ...string) (*Reloaded[T], error) {
	// Before the files are read: a change in between is seen later.
	r := &Reloaded[T]{files: files, read: read, note: note, version: VersionOf(files...)}
	var err error
	r.current, err = read()
	return r, err
}

// Get is what the files contain now, or contained when they could be used.
func (r *Reloaded[T]) Get() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := VersionOf(r.files...)
	if now.Same(r.version) {
		return r.current
	}
	// Refused files are read again, too: another owner of a file is no other version.
	next, err := r.read()
	switch {
	case err == nil:
		r.current, r.version, r.refused = next, now, nil
		r.note(nil)
	case !now.Same(r.refused):
		r.refused = now
		r.note(err)
	}
	return r.current
}
