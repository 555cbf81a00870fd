// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command sbom fails if a software bill of materials is not that of a program.
//
// Usage:
//
//	go run ./internal/tools/sbom PROGRAM SBOM VERSION
//
// The SBOM is in CycloneDX's JSON. It must name the version, and exactly the modules that
// "go version -m" prints for the program.
package main
