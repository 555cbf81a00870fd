// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package lazyregexp compiles the regular expressions of packages when they are first used.
//
// Most commands use few of them, and compiling all of them took a fifth of the start of
// relay-sync: those with classes of Unicode are large.
//
// It promises that an invalid expression of any linked package stops each test. It must not
// be used for an expression that is not in the code.
package lazyregexp
