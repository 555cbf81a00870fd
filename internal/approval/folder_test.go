// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// store is a Vault with one folder. It keeps what is written, unless it forgets.
type store struct {
	names   []string
	custom  map[string]map[string]string
	forgets bool
	// counts requires metadata_cas, as a mount of OpenBao can.
	counts bool
	count  int
}

func (s *store) ReadMetadata(_ context.Context, e kv.Entry) (kv.Metadata, error) {
	custom, found := s.custom[e.Path]
	if !found && !s.forgets {
		return kv.Metadata{}, &kv.Error{Cause: kv.ErrNotFound}
	}
	m := kv.Metadata{CustomMetadata: custom}
	if s.counts {
		m.CurrentMetadataVersion = &s.count
	}
	return m, nil
}

func (s *store) PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	if _, found := s.custom[e.Path]; !found {
		return &kv.Error{Cause: kv.ErrNotFound}
	}
	return s.CreateMetadata(ctx, e, fields)
}

func (s *store) CreateMetadata(_ context.Context, e kv.Entry, fields map[string]any) error {
	if s.counts && fields["metadata_cas"] != s.count {
		return &kv.Error{Cause: kv.ErrMetadataCAS}
	}
	s.count++
	custom := s.custom[e.Path]
	if custom == nil {
		custom = map[string]string{}
	}
	for name, value := range fields["custom_metadata"].(map[string]any) {
		if text, is := value.(string); is && !s.forgets {
			custom[name] = text
		} else {
			delete(custom, name)
		}
	}
	s.custom[e.Path] = custom
	return nil
}

func (s *store) DeleteMetadata(context.Context, kv.Entry) error { return nil }

func (s *store) List(context.Context, kv.Entry) ([]string, error) { return s.names, nil }

func TestApprovalsOfAServerThatCountsChanges(t *testing.T) {
	t.Parallel()
	s := &store{custom: map[string]map[string]string{}, counts: true, names: []string{"ada"}}
	f := Folder{Store: s, Mount: "customers", Controller: "c", Source: "s"}
	for _, reason := range []string{"first", "second"} {
		n := by("ada", func(n *Note) { n.Reason = reason })
		if err := f.Approve(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		if notes, err := f.Notes(t.Context()); err != nil || len(notes) != 1 || notes[0] != n {
			t.Errorf("%+v, %v", notes, err)
		}
	}
	if err := f.Remove(t.Context(), by("ada", func(n *Note) { n.Plan = strings.Repeat("1", 64) })); err != nil {
		t.Error(err)
	}
	if notes, _ := f.Notes(t.Context()); len(notes) != 1 {
		t.Error("the removal of another plan's approval removed this one")
	}
	if err := f.Remove(t.Context(), by("ada", nil)); err != nil { // the reason is another one
		t.Error(err)
	}
	if notes, _ := f.Notes(t.Context()); len(notes) != 0 {
		t.Errorf("left: %+v", notes)
	}
}

func TestApprovalThatIsNotKeptIsAnError(t *testing.T) {
	t.Parallel()
	f := Folder{Store: &store{custom: map[string]map[string]string{}, forgets: true}, Mount: "customers", Controller: "c", Source: "s"}
	err := f.Approve(t.Context(), by("ada", nil))
	if !errors.Is(err, ErrNotStored) || err.Error() != "the approval is not in Vault although Vault accepted it; approve again" {
		t.Error(err)
	}
}

func TestFolderOfTooManyPersonsIsNotRead(t *testing.T) {
	t.Parallel()
	s := &store{custom: map[string]map[string]string{}}
	for i := range maxPersons + 1 {
		s.names = append(s.names, fmt.Sprint("person-", i))
	}
	f := Folder{Store: s, Mount: "customers", Controller: "c", Source: "s"}
	_, err := f.Notes(t.Context())
	if !errors.Is(err, ErrTooMany) || !strings.Contains(err.Error(), "Hint: relay-sync approve --list shows them, and --remove removes those that no longer count") {
		t.Error(err)
	}
	s.names = append(s.names[:1], "folder/", "..", "a+b")
	if notes, err := f.Notes(t.Context()); err != nil || len(notes) != 0 {
		t.Errorf("%+v, %v", notes, err)
	}
}
