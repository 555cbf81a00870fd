// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package form reads the forms that a browser posts to the web page.
//
// # Promises
//
// A form is read in memory and bounded: in total, in the number of its fields, and in the
// size of each field. Nothing reaches a temporary file: the parser of net/http writes large
// parts there in clear. No name, value or file name of a form is in an error.
//
// The value of a secret leaves the package only as a secrets.Value. Browsers send text areas
// with CRLF; a value has LF.
package form
