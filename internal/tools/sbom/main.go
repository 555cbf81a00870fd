// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("expected a program, its SBOM and its version")
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return err
	}
	data, err := os.ReadFile(args[1]) //nolint:gosec // the file of the developer
	if err != nil {
		return err
	}
	want := map[string]string{}
	for _, dependency := range info.Deps {
		for dependency.Replace != nil {
			dependency = dependency.Replace
		}
		want[dependency.Path] = dependency.Version
	}
	if err := check(data, info.Main.Path, args[2], want); err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return nil
}

// component is a module of an SBOM.
type component struct {
	Name, Version string
	PURL          string `json:"purl"`
}

// check compares an SBOM with the module of a program and the modules that it links, by path.
func check(data []byte, path, version string, want map[string]string) error {
	var sbom struct {
		BOMFormat, SpecVersion string
		Metadata               struct{ Component component }
		Components             []component
	}
	if err := json.Unmarshal(data, &sbom); err != nil {
		return err
	}
	if sbom.BOMFormat != "CycloneDX" || sbom.SpecVersion == "" {
		return errors.New("not an SBOM of CycloneDX")
	}
	if main := sbom.Metadata.Component; main.Name != path || main.Version != version {
		return fmt.Errorf("it is of %s %s, want %s %s", main.Name, main.Version, path, version)
	}
	got := map[string]string{}
	for _, c := range sbom.Components {
		got[c.Name] = c.Version
		if !strings.HasPrefix(c.PURL, "pkg:golang/") {
			return fmt.Errorf("%s: no package URL found", c.Name)
		}
	}
	if !maps.Equal(got, want) {
		maps.DeleteFunc(want, func(path, version string) bool { return got[path] == version })
		return fmt.Errorf("its %d modules are not those of the program; missing: %v", len(got), slices.Sorted(maps.Keys(want)))
	}
	return nil
}
