// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package fuzztest runs fuzz targets for a fixed number of inputs in ordinary tests.
//
// Without it, "go test" runs a fuzz target only with its seeds. Add makes mutated inputs
// from the seeds with a fixed random source, so that "make test" fails or passes in the
// same way each time. "make fuzz" searches further: it uses Go's own fuzzer, which needs
// all packages compiled for it. It is for tests only.
package fuzztest
