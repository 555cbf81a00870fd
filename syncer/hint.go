// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import "github.com/relay-secrets/terraform-provider-relay/syncer/config"

// hints are how the world outside wakes the loops of sources: one place per
// source, and hints that come while one waits there are the same hint.
type hints map[string]chan struct{}

func newHints(sources []config.Source) hints {
	h := hints{}
	for _, s := range sources {
		h[s.Name] = make(chan struct{}, 1)
	}
	return h
}

// Hint says that a source's branch may have moved: its loop looks soon. It is no
// more than that, so nothing bad comes of one that is false, early or repeated,
// and none that is lost is missed for longer than the poll takes. It returns at
// once, and may be called from anywhere, also before Run. A name that no source
// has is ignored.
func (c *Controller) Hint(name string) {
	select {
	case c.hints[name] <- struct{}{}: // a nil channel takes none
	default:
	}
}
