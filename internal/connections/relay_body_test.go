// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// old is a pointer that Relay wrote at a time.
func old(id string, at time.Time) Pointer {
	a, err := ParseAddress(secrets.Scope{Mount: "customers"}, "shop", id)
	if err != nil {
		panic(err)
	}
	return Pointer{a, secrets.Entry{Current: 1, Oldest: 1, Date: noon, Versions: map[int]secrets.Version{1: {Created: at}}}}
}

// oldBody is a body that Relay wrote at a time.
func oldBody(id string, at time.Time, fields ...string) RelayBody {
	return RelayBody{Scope: bodyOf(old("aws/any", at).Address, id), Fields: fields, created: []time.Time{at.Add(-time.Second)}}
}

// describeAll is one line about bodies, for a table.
func describeAll(bodies []RelayBody) string {
	var all []string
	for _, b := range bodies {
		text := b.Scope.Group + " of"
		for _, p := range b.Replaced {
			text += " " + p.Address.String()
		}
		for _, a := range b.UsedBy {
			text += ", used by " + a.String()
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func TestLeft(t *testing.T) {
	t.Parallel()
	year, day := noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, -1)
	for name, c := range map[string]struct {
		replaced, others []Pointer
		bodies           []RelayBody
		want             string
	}{
		"one connection": {
			replaced: []Pointer{old("aws/production", year)},
			bodies:   []RelayBody{oldBody(idA, year, "accessKeyID", "secretAccessKey")},
			want:     idA + " of aws/production",
		},
		"a body of another type": {
			replaced: []Pointer{old("aws/production", year)},
			bodies:   []RelayBody{oldBody(idA, year, "accessKeyID"), oldBody(idB, year, "server", "token")},
			want:     idA + " of aws/production",
		},
		"another connection of the type, written at another time": {
			replaced: []Pointer{old("aws/production", year)}, others: []Pointer{old("aws/staging", day)},
			bodies: []RelayBody{oldBody(idA, year, "accessKeyID"), oldBody(idB, day, "accessKeyID")},
			want:   idA + " of aws/production",
		},
		"another connection of the type, written at the same time": {
			replaced: []Pointer{old("aws/production", year)}, others: []Pointer{old("aws/staging", year)},
			bodies: []RelayBody{oldBody(idA, year, "accessKeyID"), oldBody(idB, year, "accessKeyID")},
			want:   idA + " of aws/production, used by aws/staging; " + idB + " of aws/production, used by aws/staging",
		},
		"times that fit no connection": {
			replaced: []Pointer{old("aws/production", year)}, others: []Pointer{old("aws/staging", year)},
			bodies: []RelayBody{oldBody(idA, day, "accessKeyID")},
			want:   idA + " of aws/production, used by aws/staging",
		},
		"all connections of the type are replaced": {
			replaced: []Pointer{old("aws/production", year), old("aws/staging", year)}, others: []Pointer{old("slack/team", year)},
			bodies: []RelayBody{oldBody(idA, year, "accessKeyID")},
			want:   idA + " of aws/production aws/staging",
		},
		"another connection of an unknown type may have any body": {
			replaced: []Pointer{old("aws/production", year)}, others: []Pointer{old("own/thing", year)},
			bodies: []RelayBody{oldBody(idA, year, "accessKeyID")},
			want:   idA + " of aws/production, used by own/thing",
		},
		"fields that the table does not have beside one that it has": {
			replaced: []Pointer{old("slack/team", year)},
			bodies:   []RelayBody{oldBody(idA, year, "apiToken", "botName")},
			want:     idA + " of slack/team",
		},
		"the development mode": {
			replaced: []Pointer{old("kubernetes/dev", year)}, others: []Pointer{old("kubernetes/other", year)},
			bodies: []RelayBody{oldBody("_dev", day, "server"), oldBody("_other", year, "server")},
			want:   "_dev of kubernetes/dev",
		},
		"one name in two types of the development mode": {
			replaced: []Pointer{old("kubernetes/dev", year)}, others: []Pointer{old("ssh/dev", year)},
			bodies: []RelayBody{oldBody("_dev", year, "server")},
			want:   "_dev of kubernetes/dev, used by ssh/dev",
		},
		"nothing is left": {replaced: []Pointer{old("aws/production", year)}},
	} {
		got := describeAll(left(c.replaced, c.others, c.bodies))
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestRelayBodyDescribesWhatRemovesIt(t *testing.T) {
	t.Parallel()
	b := oldBody("_my dev", noon, "token")
	b.Other, b.Replaced = []string{"a:b"}, []Pointer{old("kubernetes/my dev", noon)}
	remove := []string{
		`vault kv metadata delete -mount=customers 'connections/shop/_my dev/token'`,
		`vault kv metadata delete -mount=customers 'connections/shop/_my dev/a:b'`,
	}
	if got := b.Commands(); !slices.Equal(got, remove) {
		t.Errorf("commands %q, want %q", got, remove)
	}
	free := `_my dev: token, "a:b"; it was a body of kubernetes/my dev, and no connection uses it. Remove it:`
	if got, want := b.String(), free+"\n  "+strings.Join(remove, "\n  "); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	b.UsedBy = []secrets.Address{old("ssh/my dev", noon).Address}
	for _, want := range []string{"or ssh/my dev uses it", "\n  Only if that is _my dev, remove it:\n", "\n  vault kv get -mount=customers -version=1 -field=value 'connections/shop/kubernetes/my dev'\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text does not contain %q:\n%s", want, b)
		}
	}
}

func TestManyRelayBodiesAreCounted(t *testing.T) {
	t.Parallel()
	var many []RelayBody
	for i := range maxBodies + 3 {
		many = append(many, oldBody(fmt.Sprintf("_%d", i), noon, "token"))
	}
	if got := DescribeRelayBodies(many); !strings.Contains(got, "23 bodies") || !strings.HasSuffix(got, "\n  and 3 more") || strings.Contains(got, "_20:") {
		t.Errorf("got:\n%s", got)
	}
	if got := DescribeRelayBodies(nil); got != "" {
		t.Errorf("got %q for none", got)
	}
}
