// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// linger is how long a `git cat-file --batch` waits for the next batch. One sync reads
// several times; between syncs no process remains.
const linger = time.Second

// idle keeps the process of the last batch for the next one. It is safe for concurrent use.
type idle struct {
	mu      sync.Mutex
	process *gitcommand.Process // nil for none
	end     *time.Timer         // of that process
}

// take returns the process, which is then the caller's; nil for none.
func (i *idle) take() *gitcommand.Process {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := i.process
	if p != nil {
		i.end.Stop()
		i.process = nil
	}
	return p
}

// give keeps a process that waits for input. A second one is ended.
func (i *idle) give(p *gitcommand.Process) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.process != nil {
		go p.Kill()
		return
	}
	i.process = p
	i.end = time.AfterFunc(linger, func() { i.expire(p) })
}

// expire ends the process unless it was taken.
func (i *idle) expire(p *gitcommand.Process) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.process == p {
		i.process = nil
		go p.Kill()
	}
}
