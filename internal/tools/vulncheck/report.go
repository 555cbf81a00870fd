// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// message is one of the JSON values of a report; one field is set.
type message struct {
	SBOM *struct {
		Modules []json.RawMessage `json:"modules"`
	} `json:"SBOM"`
	OSV *struct {
		ID      string `json:"id"`
		Summary string `json:"summary"`
	} `json:"osv"`
	Finding *struct {
		OSV          string `json:"osv"`
		FixedVersion string `json:"fixed_version"`
		// Trace begins with the vulnerable function. Without one, no program reaches it.
		Trace []struct {
			Module, Version, Function string
		} `json:"trace"`
	} `json:"finding"`
}

// parseReport returns the vulnerabilities that a program reaches, each once, sorted by id.
func parseReport(report io.Reader) ([]vulnerability, error) {
	decoder := json.NewDecoder(report)
	summaries, found, complete := map[string]string{}, map[string]vulnerability{}, false
	for {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		complete = complete || m.SBOM != nil && len(m.SBOM.Modules) > 1
		if m.OSV != nil {
			summaries[m.OSV.ID] = m.OSV.Summary
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			found[f.OSV] = vulnerability{id: f.OSV, module: f.Trace[0].Module, version: f.Trace[0].Version, fixed: f.FixedVersion}
		}
	}
	if !complete || len(summaries) == 0 {
		return nil, errors.New("not a report about modules with a database of vulnerabilities")
	}
	var out []vulnerability
	for id, v := range found {
		v.summary = summaries[id]
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b vulnerability) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}
