// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Skew lets the clock of Vault, as its answers show it, be ahead by a time from now on; behind, if
// the time is negative. What Vault stored before keeps its times, as on a server whose clock is
// changed.
func (p *Proxy) Skew(by time.Duration) {
	p.clock.mu.Lock()
	defer p.clock.mu.Unlock()
	p.clock.changes = append(p.clock.changes, clockChange{since: time.Now(), skew: by})
}

// clock is the skew of Vault's clock in the course of time.
type clock struct {
	mu      sync.Mutex
	changes []clockChange
}

type clockChange struct {
	since time.Time
	skew  time.Duration
}

// shift returns what Vault's clock shows at a time.
func (c *clock) shift(at time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.changes) - 1; i >= 0; i-- {
		if at.After(c.changes[i].since) {
			return at.Add(c.changes[i].skew)
		}
	}
	return at
}

// vaultTime is a time as Vault's answers have it. Times in records are inside longer strings.
var vaultTime = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

// shiftAnswer changes the times in a response: its date, and those of versions, deletions and tokens.
func (c *clock) shiftAnswer(r *http.Response) error {
	c.mu.Lock()
	right := len(c.changes) == 0
	c.mu.Unlock()
	if right {
		return nil
	}
	r.Header.Set("Date", c.shift(time.Now()).UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := r.Body.Close(); err != nil {
		return err
	}
	body = vaultTime.ReplaceAllFunc(body, func(text []byte) []byte {
		at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(text))
		if err != nil {
			return text
		}
		return []byte(c.shift(at).UTC().Format(`"` + time.RFC3339Nano + `"`))
	})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
