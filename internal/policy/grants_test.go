// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import "slices"

// What roles may do, by the actions' names.
var (
	sees       = []string{"list names", "see versions and owners"}
	writes     = slices.Concat(sees, []string{"create", "overwrite", "record who wrote", "delete a version, softly"})
	administer = slices.Concat(writes, []string{"undelete", "destroy a version", "configure before the first version", "remove with all versions"})
	tidies     = slices.Concat(sees, []string{"record who wrote", "remove with all versions"})
	reads      = []string{"list names", listBelow, "read the value", "read an earlier value", readBelow}
)

// Old data can have folders in a workflow or in a type of connections. Relay's reader
// reads them; nothing of this product manages them.
const (
	listBelow = "list a folder of it"
	readBelow = "read a value in a folder of it"
)

// types lists the types of connections in a domain, or the workflows: people with a role
// for every workflow do.
const types = "list the folder above"

// and is what a role may do besides.
func and(may []string, more ...string) []string { return slices.Concat(may, more) }

// grants are policies, and what each allows. Nothing else is allowed.
type granted struct {
	grant Grant
	// own is allowed in the workflow that the policy is for, other in another one.
	own, other []string
	// connections is allowed in the domain that the policy is for.
	connections []string
}

// own stands for a workflow or domain of the test's own.
const own = "OWN"

var named = []string{own}

func grants() map[string]granted {
	return map[string]granted{
		"viewer":                       {grant: Grant{Role: Viewer}, own: and(sees, types), other: and(sees, types)},
		"viewer of one":                {grant: Grant{Role: Viewer, Workflows: named}, own: sees},
		"operator":                     {grant: Grant{Role: Operator}, own: and(writes, types), other: and(writes, types)},
		"operator of one":              {grant: Grant{Role: Operator, Workflows: named}, own: writes},
		"full operator of one":         {grant: Grant{Role: Operator, Workflows: named, Undelete: true}, own: and(writes, "undelete")},
		"full approver of one":         {grant: Grant{Role: Approver, Workflows: named, Undelete: true}, own: and(writes, "undelete")},
		"member of a team":             {grant: Grant{Role: Operator, Workflows: named, Team: "shop"}, own: writes},
		"operator of a beginning":      {grant: Grant{Role: Operator, WorkflowPrefixes: named}, own: and(writes, listBelow)},
		"operator, kept off":           {grant: Grant{Role: Operator, Workflows: named, SecretsBy: Approver}, own: sees},
		"approver of one":              {grant: Grant{Role: Approver, Workflows: named}, own: writes},
		"approver, kept off":           {grant: Grant{Role: Approver, Workflows: named, SecretsBy: Administrator}, own: sees},
		"approver, first to write":     {grant: Grant{Role: Approver, Workflows: named, SecretsBy: Approver}, own: writes},
		"administrator":                {grant: Grant{Role: Administrator}, own: and(administer, types), other: and(administer, types)},
		"administrator of one":         {grant: Grant{Role: Administrator, Workflows: named, SecretsBy: Administrator}, own: administer},
		"administrator of a beginning": {grant: Grant{Role: Administrator, WorkflowPrefixes: named}, own: and(administer, listBelow)},
		"writer":                       {grant: Grant{Role: Writer}, own: writes, other: writes},
		"writer, undelete":             {grant: Grant{Role: Writer, Undelete: true}, own: and(writes, "undelete"), other: and(writes, "undelete")},
		"writer, destroy":              {grant: Grant{Role: Writer, Destroy: true}, own: and(writes, "destroy a version"), other: and(writes, "destroy a version")},
		"writer, settings":             {grant: Grant{Role: Writer, Settings: true}, own: and(writes, "configure before the first version"), other: and(writes, "configure before the first version")},
		"writer of one":                {grant: Grant{Role: Writer, Workflows: named}, own: writes},
		"full writer of one":           {grant: Grant{Role: Writer, Workflows: named, Undelete: true, Destroy: true, Settings: true}, own: and(writes, "undelete", "destroy a version", "configure before the first version")},
		"controller of one":            {grant: Grant{Role: Controller, Workflows: named}, own: writes},
		"controller":                   {grant: Grant{Role: Controller}, own: writes, other: writes},
		"full controller of one":       {grant: Grant{Role: Controller, Workflows: named, Undelete: true, Destroy: true, Settings: true}, own: and(writes, "undelete", "destroy a version", "configure before the first version")},
		"controller, connections":      {grant: Grant{Role: Controller, Workflows: named, ConnectionsDomain: own}, own: writes, connections: and(writes, types)},
		"full controller, connections": {grant: Grant{Role: Controller, Workflows: named, ConnectionsDomain: own, Undelete: true, Destroy: true, Settings: true}, own: and(writes, "undelete", "destroy a version", "configure before the first version"), connections: and(writes, types, "undelete", "destroy a version")},
		"reader":                       {grant: Grant{Role: Reader, Workflows: named}, own: reads},
		"reader of several":            {grant: Grant{Role: Reader, Workflows: []string{own, "some other", "é@.x"}}, own: reads},
		"viewer, connections":          {grant: Grant{Role: Viewer, Workflows: named, ConnectionsDomain: own}, own: sees, connections: and(sees, types)},
		"operator, connections":        {grant: Grant{Role: Operator, Workflows: named, ConnectionsDomain: own}, own: writes, connections: and(sees, types)},
		"approver, connections":        {grant: Grant{Role: Approver, Workflows: named, ConnectionsDomain: own}, own: writes, connections: and(sees, types)},
		"administrator, connections":   {grant: Grant{Role: Administrator, Workflows: named, ConnectionsDomain: own}, own: administer, connections: and(administer, types)},
		"writer, connections":          {grant: Grant{Role: Writer, Workflows: named, ConnectionsDomain: own}, own: writes, connections: and(writes, types)},
		"full writer, connections":     {grant: Grant{Role: Writer, Workflows: named, ConnectionsDomain: own, Undelete: true, Destroy: true, Settings: true}, own: and(writes, "undelete", "destroy a version", "configure before the first version"), connections: and(writes, types, "undelete", "destroy a version")},
		"tidy":                         {grant: Grant{Role: Tidy}, own: and(tidies, types), other: and(tidies, types)},
		"tidy of one":                  {grant: Grant{Role: Tidy, Workflows: named}, own: tidies},
		"tidy, connections":            {grant: Grant{Role: Tidy, Workflows: named, ConnectionsDomain: own}, own: tidies, connections: and(tidies, types)},
		"reader, connections":          {grant: Grant{Role: Reader, Workflows: named, ConnectionsDomain: own}, own: reads, connections: and(reads, types)},
	}
}

// in puts a name of the test's own into the grant.
func (g granted) in(name string) Grant {
	grant := at(g.grant)
	put := func(names []string) []string {
		if names == nil {
			return nil
		}
		out := slices.Clone(names)
		out[0] = name
		return out
	}
	grant.Workflows, grant.WorkflowPrefixes = put(grant.Workflows), put(grant.WorkflowPrefixes)
	if grant.ConnectionsDomain != "" {
		grant.ConnectionsDomain = name
	}
	return grant
}
