// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"errors"
	"sync"

	"github.com/puppetlabs/relay-core/pkg/expr/model"
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

// change changes one output, whose value then has a size; 0 leaves the value.
func (o *outputs) change(name string, size int, change func(*output)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	one, exists := o.set[name]
	used := o.used
	if !exists {
		used += len(name)
	}
	if size > 0 {
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

func (o *outputs) ResolveOutput(_ context.Context, from, name string) (any, error) {
	if found, is := o.get(from, name); is {
		return found.value, nil
	}
	return nil, &model.OutputNotFoundError{From: from, Name: name}
}

func (o *outputs) ResolveStepOutputs(_ context.Context, from string) (map[string]any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if from != o.step || len(o.set) == 0 {
		return nil, nil
	}
	out := map[string]any{}
	for name, one := range o.set {
		out[name] = one.value
	}
	return out, nil
}

func (o *outputs) ResolveAllOutputs(ctx context.Context) (map[string]map[string]any, error) {
	own, err := o.ResolveStepOutputs(ctx, o.step)
	if own == nil || err != nil {
		return nil, err
	}
	return map[string]map[string]any{o.step: own}, nil
}
