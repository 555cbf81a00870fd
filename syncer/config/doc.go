// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package config reads the configuration file of relay-sync, sets its defaults and
// checks it.
//
// Read lists all problems of a file at once, each with its line. The file holds no
// secret: it names the files that do. The comments on the fields are the reference
// of the configuration: a test generates the table of the guide from them.
package config
