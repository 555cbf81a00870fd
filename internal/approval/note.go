// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

const (
	// key is the key of the note in custom_metadata.
	key = "approve"
	// MaxReasonBytes limits the reason of an approval: Vault's limit for a value of
	// custom_metadata is 512 bytes.
	MaxReasonBytes = 384
)

var (
	planForm = lazyregexp.New(`^[0-9a-f]{64}$`)
	// noteForm has the plan, the time and the reason.
	noteForm = lazyregexp.New(`^plan=([0-9a-f]{64}) time=([0-9TZ:-]{20}) reason=(.+)$`)
)

// Note is one approval of one person.
type Note struct {
	// Entity is the id of the person's entity in Vault, from the path of the note.
	Entity string
	// Plan is the id of the plan, 64 hexadecimal digits.
	Plan string
	// Time is when the person approved; whole seconds.
	Time time.Time
	// Reason is what the person gave.
	Reason string
}

// Check refuses a note that Vault could not store or that could not be read. The error
// lists all problems.
func (n Note) Check() error {
	var errs []error
	if !planForm.MatchString(n.Plan) {
		errs = append(errs, errors.New("the plan id must have 64 hexadecimal digits; a shortened id is only for reading"))
	}
	return errors.Join(append(errs, CheckReason(n.Reason))...)
}

// CheckReason refuses a reason that does not fit into a note, or that is not one line of
// printable text.
func CheckReason(reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return errors.New("a reason is required")
	case len(reason) > MaxReasonBytes:
		return fmt.Errorf("the reason has %d bytes: must have at most %d. Hint: refer to a ticket that has the details", len(reason), MaxReasonBytes)
	case !foreign.Printable(reason):
		return errors.New("the reason must be one line of printable text")
	}
	return nil
}

// String is the note as custom_metadata contains it.
func (n Note) String() string {
	return "plan=" + n.Plan + " time=" + n.Time.UTC().Format(time.RFC3339) + " reason=" + n.Reason
}

// parse returns the note of a person. Text that is not a note approves nothing.
func parse(entity, text string) (Note, bool) {
	parts := noteForm.FindStringSubmatch(text)
	if parts == nil {
		return Note{}, false
	}
	at, err := time.Parse(time.RFC3339, parts[2])
	n := Note{Entity: entity, Plan: parts[1], Time: at, Reason: parts[3]}
	return n, err == nil && n.Check() == nil
}
