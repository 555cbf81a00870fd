// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// adoption are the secrets that a request takes over. A name that none of the sources
// may write is an error.
func (c *Controller) adoption(ask Request, among []config.Source) (plan.Adoption, error) {
	out := plan.Adoption{Addresses: map[secrets.Address]bool{}, Unmanaged: ask.Unmanaged}
	for _, id := range ask.Adopt {
		address, err := c.cfg.ParseAddress(id)
		if err != nil {
			return plan.Adoption{}, err
		}
		if !slices.ContainsFunc(among, func(s config.Source) bool { return mayWrite(s, address) }) {
			return plan.Adoption{}, fmt.Errorf("adopt %s: no source may write it, so nothing was written", address.Title())
		}
		out.Addresses[address] = true
	}
	return out, nil
}

// mayWrite reports whether the configuration permits the source to write the address.
func mayWrite(s config.Source, a secrets.Address) bool {
	if a.Kind == secrets.Connection {
		return slices.Contains(s.Connections, a.String())
	}
	return slices.Contains(s.Workflows, a.Group)
}

// unmatched are the addresses that this source alone may write and that its commit does
// not contain, as an error: nothing is written for a request with a wrong name.
func unmatched(adopt plan.Adoption, cfg config.Source, all []config.Source, wants []plan.Want) error {
	var names []string
	for _, a := range slices.SortedFunc(maps.Keys(adopt.Addresses), plan.Compare) {
		others := slices.ContainsFunc(all, func(s config.Source) bool { return s.Name != cfg.Name && mayWrite(s, a) })
		if mayWrite(cfg, a) && !others && !slices.ContainsFunc(wants, func(w plan.Want) bool { return w.Address == a }) {
			names = append(names, a.Title())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("adopt %s: not found in the manifests of the commit", strings.Join(names, ", "))
}

// reportUnmatched adds a failure for each address that several sources may write and no
// commit contains.
func reportUnmatched(adopt plan.Adoption, sources []config.Source, reports []report.Report) {
	for _, a := range slices.SortedFunc(maps.Keys(adopt.Addresses), plan.Compare) {
		wanted := func(r report.Report) bool {
			return r.Err != nil || slices.ContainsFunc(r.Results, func(result report.Result) bool { return result.Want != nil && result.Address == a })
		}
		if slices.ContainsFunc(reports, wanted) {
			continue
		}
		i := slices.IndexFunc(sources, func(s config.Source) bool { return mayWrite(s, a) })
		reports[i].Failures = append(reports[i].Failures, report.Failure{
			Err: fmt.Errorf("adopt %s: not found in the manifests of any source", a.Title()),
		})
	}
}
