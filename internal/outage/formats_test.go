// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package outage

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// TestRecordsOfBothFormatsAreRead turns the records of every second secret into those of format 1, as
// earlier versions of both programs wrote them. They are in sync like the others; each write makes a
// record of format 2, and a deleted secret with a released record of format 1 is created again.
func TestRecordsOfBothFormatsAreRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newScene(t, cli, outage{})
		workflows := []string{s.apply.workflow, s.terraform.workflow}
		versions := map[string]int{}
		for generation, present := range [][]string{names(), names(), names()[:len(names())/2], names()} {
			s.apply.commit(generation, present)
			s.terraform.configure(generation, present)
			s.apply.applies()
			s.terraform.Apply(t)
			for _, workflow := range workflows {
				for n, name := range present {
					if record := s.record(workflow, name); !strings.HasPrefix(record, "format=2 ") {
						t.Errorf("%s/%s: the record after a write: %s", workflow, name, record)
					}
					versions[workflow+name]++
					if got := s.versions(workflow, name); got != versions[workflow+name] {
						t.Errorf("%s/%s has %d versions, want %d", workflow, name, got, versions[workflow+name])
					}
					if got, _ := s.vault.ReadAs(t, s.vault.RootToken, workflow, name); got != fmt.Sprint(generation) {
						t.Errorf("%s/%s reads %q", workflow, name, got)
					}
					if n%2 == 0 {
						s.makeOld(workflow, name)
					}
				}
				for _, name := range names()[len(present):] {
					s.makeOld(workflow, name) // released
				}
			}
			if out, err := s.apply.command("plan").CombinedOutput(); err != nil {
				t.Errorf("relay-sync plan: %v\n%s", err, out)
			}
			s.terraform.NoChanges(t)
		}
	})
}

// record is the only record of a secret.
func (s *scene) record(workflow, name string) (text string) {
	s.t.Helper()
	custom, _ := s.vault.Metadata(s.t, workflow, name)["custom_metadata"].(map[string]any)
	for key, value := range custom {
		if strings.HasPrefix(key, "relay.") {
			text, _ = value.(string)
		}
	}
	return text
}

var (
	fingerprint = regexp.MustCompile(`( (?:sops1|key1|hmac1)=)(\S+)`)
	laterFields = regexp.MustCompile(`^format=2 | (?:mac1|deleted)=\S+`)
	releaseTime = regexp.MustCompile(` released=\S+`)
)

// makeOld rewrites the record of a secret in format 1: without its format and a MAC, with fingerprints in
// hexadecimal, and released without a time.
func (s *scene) makeOld(workflow, name string) {
	s.t.Helper()
	custom, _ := s.vault.Metadata(s.t, workflow, name)["custom_metadata"].(map[string]any)
	for key, value := range custom {
		record, _ := value.(string)
		old := laterFields.ReplaceAllString(record, "")
		old = releaseTime.ReplaceAllString(old, " released=true")
		old = fingerprint.ReplaceAllStringFunc(old, func(field string) string {
			parts := fingerprint.FindStringSubmatch(field)
			raw, err := base64.RawURLEncoding.DecodeString(parts[2])
			if err != nil {
				s.t.Fatal(err)
			}
			return parts[1] + hex.EncodeToString(raw)
		})
		if old == record {
			s.t.Errorf("%s/%s: the record is that of format 1 already: %s", workflow, name, record)
		}
		s.vault.PatchCustomMetadata(s.t, workflow, name, map[string]any{key: old})
	}
}
