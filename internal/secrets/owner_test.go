// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import "testing"

func TestPersonsCompareByTheHashAlone(t *testing.T) {
	t.Parallel()
	owner := func(readable, entity string) Owner {
		o, err := PersonOwner(readable, entity)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	ada := owner("ada", "entity-1")
	for _, row := range []struct {
		other Owner
		same  bool
	}{
		{ada, true},
		{owner("ada.lovelace", "entity-1"), true},
		{owner("ada", "entity-2"), false}, // a display name that collides
		{"person/ada", false},
		{"team/" + ada[len("person/"):], false},
		{"terraform/" + ada[len("person/"):], false},
		{NoOwner, false},
	} {
		if got := ada.Same(row.other); got != row.same || row.other.Same(ada) != row.same {
			t.Errorf("%s and %s: %v", ada, row.other, got)
		}
	}
	if _, err := parseOwner(string(ada)); err != nil {
		t.Error(err)
	}
	if Owner("person/ada").Same("person/bob") {
		t.Error("persons of another form are one")
	}
}

func TestPersonKeepsTheNameOfTheFirstWrite(t *testing.T) {
	t.Parallel()
	before, after := Owner("person/ada-0123456789abcdef"), Owner("person/ada.l-0123456789abcdef")
	e := Entry{}.withRecord(before, Record{Version: 1, Time: noon}).withRecord("person/bob-fedcba9876543210", Record{Version: 2, Time: noon})
	if got := e.KnownAs(after); got != before {
		t.Errorf("known as %s", got)
	}
	if got := (Entry{}).KnownAs(after); got != after {
		t.Errorf("a new secret: known as %s", got)
	}
}

func TestOwnersThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	_, noEntity := PersonOwner("ada", "")
	_, long := PersonOwner("a-readable-part-of-32-characters", "entity-1")
	_, upper := PersonOwner("Ada", "entity-1")
	_, hidden := TeamOwner(".hidden")
	_, above := GitOpsOwner("..", "shop")
	_, option := GitOpsOwner("cluster-1", "-shop")
	_, wildcard := GitOpsOwner("cluster-1", "+")
	_, teams := GitOpsOwner("teams", "shop")
	for name, err := range map[string]error{
		"no entity": noEntity, "long": long, "upper case": upper, "a team whose name is invalid": hidden, "a controller whose name is a path": above,
		"a source whose name is an option": option, "a source whose name is a wildcard": wildcard, "a controller in the folder of teams": teams,
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
