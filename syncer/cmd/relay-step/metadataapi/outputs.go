// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"errors"
	"maps"
	"sync"
)

// maxOutputs limits the names and values of all outputs of a step, in bytes. In Relay, a
// ConfigMap has them, of at most 1 MiB.
const maxOutputs = 1 << 20

// outputs are the outputs that this step has set. They end with it.
type outputs struct {
	step string
	mu   sync.Mutex
	set  map[string]output
	used int
}

type output struct {
	value any
	// size is that of the request which set the value, in bytes.
	size int
	// sensitive is nil until a request sets it.
	sensitive *bool
}

func newOutputs(step string) *outputs { return &outputs{step: step, set: map[string]output{}} }

var errOutputs = errors.New("the outputs of a step are limited to 1 MiB")

// sameValue is the size for a change that leaves the value.
const sameValue = -1

// change changes one output, whose value then has a size.
func (o *outputs) change(name string, size int, change func(*output)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	one, exists := o.set[name]
	used := o.used
	if !exists {
		used += len(name)
	}
	if size != sameValue {
		used += size - one.size
		one.size = size
	}
	if used > maxOutputs {
		return errOutputs
	}
	change(&one)
	o.set[name], o.used = one, used
	return nil
}

func (o *outputs) get(step, name string) (output, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found, is := o.set[name]
	return found, is && step == o.step
}

// all are the outputs of a step, by name.
func (o *outputs) all(step string) map[string]output {
	o.mu.Lock()
	defer o.mu.Unlock()
	if step != o.step {
		return nil
	}
	return maps.Clone(o.set)
}
