// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package webhook receives webhook deliveries of git hosts and triggers a sync of
// the source they are for.
//
// # Promises
//
// A delivery only triggers a sync. The handler authenticates its body and then
// discards it; it never parses it. An attacker who forges or replays a delivery can
// make the controller poll its own repository once more, and nothing else.
//
// The handler gives the same answer (401) to an unknown source, a missing header
// and a wrong signature, so an unauthenticated sender learns no names. The connection
// test of Bitbucket, which is not signed, gets one text for every source. It compares
// secrets in constant time. It limits the size of bodies and headers, and the time to read
// a body. It authenticates a body as it arrives, and keeps none in memory.
//
// A forged delivery does not lock out an authentic one. So the handler limits neither the
// rate of deliveries nor the bodies that arrive at the same time: what is above such a
// limit is refused before it is known who sent it, and to refuse it costs as much as to
// check it. The connections have limits that lock out no client (package endpoint).
//
// Two triggers of one source are at least one second apart; the last delivery of a burst
// always triggers a sync.
//
// The handler answers a replayed delivery like a new one: a person redelivers what
// seems lost. All replays for a source together trigger a sync at most every 30
// seconds. It identifies a delivery by what the sender authenticated (the signature,
// or the id that the signature covers). A copy with another delivery id is
// therefore still a copy.
//
// # What this package must not do
//
// It must not parse a body, log anything of a request or disclose a name. The
// controller must work without it: it also polls its sources.
package webhook
