// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestWorkflowOfTwoSources(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	uses := func(names ...string) workflowFile {
		f := workflowFile{read: true}
		for _, name := range names {
			f.references = append(f.references, report.Reference{Kind: workflowfile.Secret, Name: name})
		}
		return f
	}
	parts := []part{
		{"a", observed{at: early, secrets: []report.Secret{{Name: "of_a", Live: true, Source: "a", Changed: early}, {Name: "of_none", Live: true, Changed: early}}}, uses("of_a", "absent")},
		{"b", observed{at: late, secrets: []report.Secret{{Name: "of_a", Drifted: true}, {Name: "of_none", Drifted: true, Changed: late}}}, workflowFile{}},
	}
	w := mergeWorkflow("deploy", parts)
	if w.Live != 1 || w.Drifted != 1 || !w.Observed.Equal(late) || !w.LastChange.Equal(late) || len(w.Secrets) != 2 || w.Secrets[0].Source != "a" || !w.Secrets[1].Drifted {
		t.Errorf("the source that owns it, and else the latest, counts: %+v", w)
	}
	if !w.MissingKnown || w.Missing != 1 || w.MissingSecrets[0].Name != "absent" {
		t.Errorf("missing: %+v", w)
	}
	parts[1].file = uses("of_none")
	if w := mergeWorkflow("deploy", parts); w.Missing != 2 || len(w.References) != 3 {
		t.Errorf("files of both: %+v", w)
	}
	for name, change := range map[string]func(){
		"one file was not read": func() { parts[1].file = workflowFile{failed: true, problems: []string{"invalid"}} },
		"not observed":          func() { parts[1].file, parts[0].at, parts[1].at = workflowFile{}, time.Time{}, time.Time{} },
		"no file":               func() { parts[0].file, parts[1].file = workflowFile{}, workflowFile{} },
	} {
		saved := [2]part{parts[0], parts[1]}
		if change(); mergeWorkflow("deploy", parts).MissingKnown {
			t.Errorf("%s, and it is known what is missing", name)
		}
		copy(parts, saved[:])
	}
}

func TestLongListsOfAWorkflowAreCut(t *testing.T) {
	t.Parallel()
	var p part
	p.at, p.file.read = time.Unix(1, 0), true
	for i := range maxSecretsListed + 1 {
		p.secrets = append(p.secrets, report.Secret{Name: fmt.Sprintf("s%06d", i), Live: true})
		p.file.references = append(p.file.references, report.Reference{Kind: workflowfile.Secret, Name: fmt.Sprintf("m%06d", i)})
	}
	w := mergeWorkflow("deploy", []part{p})
	if len(w.Secrets) != maxSecretsListed || w.Live != maxSecretsListed+1 || len(w.MissingSecrets) != maxMissingListed || w.Missing != maxSecretsListed+1 {
		t.Errorf("%d of %d secrets, %d of %d missing", len(w.Secrets), w.Live, len(w.MissingSecrets), w.Missing)
	}
	if len(w.Problems) != 1 || !strings.Contains(w.Problems[0], "only 5000 of its 5001 secrets are listed") {
		t.Errorf("problems: %q", w.Problems)
	}
}

func TestConnectionsAndTheirUsers(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	listed := map[string][]part{
		"aws/main":   {{source: "shop", observed: observed{at: at, secrets: []report.Secret{{Name: "main", Live: true, Drift: "in sync"}}}}},
		"aws/new":    {{source: "shop", observed: observed{at: at}}},
		"slack/team": {{source: "shop"}},
	}
	connection := func(kind, name string, open bool) report.Reference {
		return report.Reference{Kind: workflowfile.Connection, Type: kind, Name: name, All: open}
	}
	used := map[string]uses{
		"x": usesOf([]report.Reference{connection("aws", "main", false), connection("aws", "main", false), connection("aws", "", true)}),
		"y": usesOf([]report.Reference{connection("gcp", "a b", false), {Kind: workflowfile.Secret, Name: "main"}}),
		"z": usesOf([]report.Reference{connection("", "", true)}),
	}
	var got []string
	for _, c := range mergeConnections(listed, used) {
		got = append(got, fmt.Sprint(c.Type, " ", c.Name, " ", c.Live, " ", c.Drift, " ", c.Sources, " ", c.UsedBy))
	}
	want := []string{
		"aws main true in sync [shop] [x z]", "aws new false absent [shop] [x z]",
		"gcp a b false not checked: no source lists it [] [y z]", "slack team false not checked: no sync yet [shop] [z]",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
