// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package cause classifies why a request of a person was not carried out, for the pages and
// for the user API: one cause has one HTTP status in both.
//
// It knows the errors of Vault, of secrets and of the audit file. What is wrong with a request
// itself, such as a form or a JSON body, is up to who reads it.
package cause
