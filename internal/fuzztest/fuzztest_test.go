// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package fuzztest

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestMutatedInputsAreManyAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	seeds := []Seed{{"workflows: {}", []byte{1, 2, 3}, true, uint8(4), 5}, {"", []byte(nil), false, uint8(0), 0}}
	first, second := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
	different := map[string]bool{}
	for range inputs {
		input := mutate(first, seeds)
		if again := mutate(second, seeds); !reflect.DeepEqual(input, again) {
			t.Fatalf("got %v and %v", input, again)
		}
		for i := range input {
			if reflect.TypeOf(input[i]) != reflect.TypeOf(seeds[0][i]) {
				t.Fatalf("argument %d has type %T, want %T", i, input[i], seeds[0][i])
			}
		}
		different[input[0].(string)] = true
	}
	if len(different) < inputs/4 {
		t.Errorf("got %d different texts, want at least %d", len(different), inputs/4)
	}
	if seeds[0][0] != "workflows: {}" || !reflect.DeepEqual(seeds[0][1], []byte{1, 2, 3}) {
		t.Errorf("a seed was changed: %v", seeds[0])
	}
}
