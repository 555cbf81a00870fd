// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import "github.com/relay-secrets/terraform-provider-relay/syncer/config"

// hints wake the loops of sources: one channel per source with room for one hint. More
// hints, while one waits there, are the same hint.
type hints map[string]chan struct{}

func newHints(sources []config.Source) hints {
	h := hints{}
	for _, s := range sources {
		h[s.Name] = make(chan struct{}, 1)
	}
	return h
}

// Hint makes a source's loop poll soon, because its branch may have moved. A false,
// early or repeated hint does no harm, and a lost one is made up for by the next poll.
// Hint returns at once, and may be called from any goroutine, also before Run. It
// ignores the name of an unknown source.
func (c *Controller) Hint(name string) {
	select {
	case c.hints[name] <- struct{}{}: // a nil channel takes none
	default:
	}
}
