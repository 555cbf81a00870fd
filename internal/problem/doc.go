// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package problem describes what is wrong with a configuration.
//
// Every package that owns a part of the configuration checks it and returns a List
// with paths relative to that part. The owner of the whole adds the path before
// them, and shows all problems at once.
//
// Listed is the rule for every list of names in a message.
package problem
