// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"path"
	"strings"
)

// requestCount counts the requests of a scene. A second read of a name before its value is
// sent is not counted: a write reads an absent entry again if its observation is older
// than half of settle, which is short here, so the load of the machine decides on it.
type requestCount struct {
	made int
	// read are the names that were read since their last value.
	read map[string]bool
}

// breaks counts the request and reports whether it is the one to break, 0 for none.
// onwards includes all later requests.
func (c *requestCount) breaks(r *http.Request, at int, onwards bool) bool {
	if c.read == nil {
		c.read = map[string]bool{}
	}
	name := path.Base(r.URL.Path)
	isRead := r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/metadata/")
	again := isRead && c.read[name]
	if isRead || strings.Contains(r.URL.Path, "/data/") {
		c.read[name] = isRead
	}
	if !again {
		c.made++
	}
	if at == 0 || (again && !onwards) {
		return false
	}
	return c.made == at || (onwards && c.made > at)
}
