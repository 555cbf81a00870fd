// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package webhook takes deliveries of git hosts as hints that a source moved.
//
// # Promises
//
// A delivery is nothing but a hint to look at the repository: its body is
// authenticated and thrown away, never parsed. Who forges one, or replays one, can
// make the controller ask its own repository once more, and no more than that.
//
// What cannot be authenticated is answered alike, whether the source, the header
// or the signature is wrong: an outsider learns no names. Secrets are compared in
// constant time. Bodies, headers, time, requests at once and requests per second
// are bounded before a signature is computed. Hints of one source are a second
// apart at the least; the last of a burst is never lost.
//
// A delivery that was taken already is answered as well and left: it is known by
// what its sender authenticated (the signature, the id that a signature covers),
// so that a copy with another delivery id is still a copy.
//
// # What this package must not do
//
// It never parses a body, logs nothing of a request, and tells no name. Nobody
// must need it: sources are polled as well.
package webhook
