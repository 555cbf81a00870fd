// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package fuzztest

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
)

// Seed is one input of a fuzz target: its arguments in their order.
type Seed []any

// Texts are seeds of a target whose one argument is a string.
func Texts(texts ...string) []Seed {
	seeds := make([]Seed, len(texts))
	for i, text := range texts {
		seeds[i] = Seed{text}
	}
	return seeds
}

const (
	// inputs is how many mutated inputs a target gets.
	inputs = 1000
	// maxMutations is how often one input is mutated at most.
	maxMutations = 6
	// maxBytes bounds a mutated argument; splices would grow it without limit.
	maxBytes = 64 << 10
)

// Add adds the seeds to a fuzz target, and mutated inputs unless Go's fuzzer runs, which
// makes its own. The types of arguments are string, []byte, bool, uint8 and int.
func Add(f *testing.F, seeds ...Seed) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed...)
	}
	if fuzzing := flag.Lookup("test.fuzz"); fuzzing != nil && fuzzing.Value.String() != "" {
		return
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable inputs
	for range inputs {
		f.Add(mutate(random, seeds)...)
	}
}

// mutate returns one seed with mutated arguments.
func mutate(random *rand.Rand, seeds []Seed) Seed {
	input := slices.Clone(pick(random, seeds))
	for range 1 + random.IntN(maxMutations) {
		i := random.IntN(len(input))
		switch value := input[i].(type) {
		case string:
			input[i] = string(mutateBytes(random, []byte(value), texts(seeds)))
		case []byte:
			input[i] = mutateBytes(random, slices.Clone(value), texts(seeds))
		case bool:
			input[i] = !value
		case uint8:
			input[i] = uint8(random.IntN(256)) //nolint:gosec // below 256
		case int:
			input[i] = pick(random, []int{0, 1, -1, value + 1, value - 1, -value, int(random.Int32())})
		}
	}
	return input
}

// mutateBytes changes a text in one place. others are the texts of all seeds.
func mutateBytes(random *rand.Rand, text []byte, others [][]byte) []byte {
	from, to := span(random, text)
	switch random.IntN(6) {
	case 0:
		return slices.Delete(text, from, to)
	case 1:
		return insert(text, to, text[from:to])
	case 2:
		other := pick(random, others)
		start, end := span(random, other)
		return insert(text, from, other[start:end])
	case 3:
		return insert(text, from, []byte(pick(random, hostile)))
	case 4:
		return slices.Replace(text, from, to, []byte(pick(random, hostile))...)
	}
	if from < len(text) {
		text[from] ^= 1 << random.IntN(8)
	}
	return text
}

// hostile are texts with a meaning in one of the formats that the targets parse.
var hostile = []string{
	"\x00", "\n", "\r\n", "\n\n", "\t", " ", "\x1b[2J", "\xff", "\u2028", "\u202e", "e\u0301", "\U0010ffff",
	"/", "..", "../", "//", "\\", "%", "%2f", "%zz", "+", "*", "**", "?", "[", "]", "{", "}", "{{", "}}", "{a,b}",
	"\"", "'", "`", "$", "${", "${{", "$$", "=", ":", ",", ";", "#", "&a ", "*a", "!!merge", "<<: ", "!!binary ", "- ", "? ", "|", ">", "---\n", "...\n",
	"0", "-1", "1e309", "9223372036854775808", "0x7fffffff", "9999-12-31T23:59:59Z", "null", "true", "~",
	"0000", "0001", "0004", "fff0", "ffff", "ENC[", "sops", "type:bytes", "-----BEGIN ", "-----END ",
}

func insert(text []byte, at int, what []byte) []byte {
	if len(text)+len(what) > maxBytes {
		return text
	}
	return slices.Concat(text[:at], what, text[at:])
}

// span is a part of a text, mostly a short one.
func span(random *rand.Rand, text []byte) (from, to int) {
	from = random.IntN(len(text) + 1)
	rest := len(text) - from
	if random.IntN(4) > 0 {
		rest = min(rest, 8)
	}
	return from, from + random.IntN(rest+1)
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// texts are the arguments of all seeds that are texts.
func texts(seeds []Seed) [][]byte {
	var out [][]byte
	for _, seed := range seeds {
		for _, argument := range seed {
			switch value := argument.(type) {
			case string:
				out = append(out, []byte(value))
			case []byte:
				out = append(out, value)
			}
		}
	}
	return out
}
