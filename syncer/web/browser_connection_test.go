// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

func TestConnectionOfAKnownType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.open(t, w.rules(t, policy.Administrator, nil))
	tab.Follow("link", "Connections")
	wantText(t, tab, "This domain has no connections yet.")
	tab.AssertAccessible()
	tab.Follow("link", "Add connection")
	tab.AssertAccessible()
	tab.Follow("link", "aws")
	tab.AssertAccessible()
	tab.Fill("Name of the aws connection", "prod")
	tab.Fill("accessKeyID", "AKIA1")
	tab.Fill("secretAccessKey", "s3cret/1")
	tab.Follow("button", "Add connection")
	wantText(t, tab, "Added prod.", "in sync")
	tab.AssertAccessible()
	w.wantFields(t, "aws", "prod", map[string]string{"accessKeyID": "AKIA1", "secretAccessKey": "s3cret/1"})

	tab.Follow("link", "Replace aws prod")
	tab.AssertAccessible()
	tab.Fill("accessKeyID", "AKIA2")
	tab.Fill("secretAccessKey", "s3cret/2")
	tab.Click("DisclosureTriangle", "More fields") // how Chrome calls a summary
	tab.Fill("Name 1", "accessKeyID")
	tab.Fill("Value 1", "AKIA3")
	tab.Follow("button", "Replace")
	wantText(t, tab, "Nothing was written.", "same name")
	w.wantFields(t, "aws", "prod", map[string]string{"accessKeyID": "AKIA1", "secretAccessKey": "s3cret/1"})
	tab.AssertAccessible()
	tab.Fill("accessKeyID", "AKIA2")
	tab.Fill("secretAccessKey", "s3cret/2")
	tab.Fill("sessionToken (optional)", "line 1\nline 2\n")
	tab.Click("DisclosureTriangle", "More fields")
	tab.Fill("Name 1", "region")
	tab.Fill("Value 1", "eu")
	tab.Follow("button", "Replace")
	wantText(t, tab, "Replaced prod. Warning: no known reader of type aws uses region.")
	w.wantFields(t, "aws", "prod", map[string]string{"accessKeyID": "AKIA2", "secretAccessKey": "s3cret/2", "sessionToken": "line 1\nline 2", "region": "eu"})

	tab.Follow("link", "aws prod")
	wantText(t, tab, "accessKeyID, region, secretAccessKey, sessionToken")
	if strings.Contains(tab.HTML(), "s3cret") {
		t.Error("the page has a field's value")
	}
	tab.AssertAccessible()
	tab.Follow("link", "Delete")
	wantText(t, tab, "A connection cannot be undeleted.")
	tab.AssertAccessible()
	tab.Follow("button", "Delete")
	wantText(t, tab, "Deleted prod.")
	w.wantFields(t, "aws", "prod", nil)
}

// TestConnectionOfAnUnknownTypeHasTheFieldsThatAreNamed in the table.
func TestConnectionOfAnUnknownTypeHasTheFieldsThatAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.open(t, w.rules(t, policy.Administrator, nil))
	tab.Open(w.url + "/connections/add")
	tab.Fill("Another type", "ftp")
	tab.Follow("button", "Continue")
	tab.AssertAccessible()
	tab.Fill("Name of the ftp connection", "prod")
	tab.Follow("button", "Add connection")
	wantText(t, tab, "a connection needs at least one field")
	tab.Fill("Name 1", "host")
	tab.Fill("Value 1", "ftp.example.com")
	tab.Fill("Name 2", "key")
	tab.Fill("Value 2", "a\nb")
	tab.Follow("button", "Add connection")
	wantText(t, tab, "Added prod.")
	w.wantFields(t, "ftp", "prod", map[string]string{"host": "ftp.example.com", "key": "a\nb"})
}
