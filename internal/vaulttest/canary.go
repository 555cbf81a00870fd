// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

const (
	// canaryMin is the minimum length: half of a shorter canary could occur by chance.
	canaryMin = 24
	// digestPart is the number of bytes of a digest to search for, so that a shortened
	// digest is found, too.
	digestPart = 8
)

// Canary returns a random value for a secret, to search for where no value may be. It has
// only letters and digits, so that escaping does not change it.
func Canary(t testing.TB) string {
	t.Helper()
	return "canary" + strings.ToLower(rand.Text()+rand.Text())
}

// AssertNoCanary fails the test if an output contains half of the canary, plain, in hex or
// in base64 at any alignment, or the beginning of its MD5, SHA-1, SHA-256 or SHA-512. The
// keys of outputs are names for the message.
func AssertNoCanary(t testing.TB, canary string, outputs map[string][]byte) {
	t.Helper()
	if len(canary) < canaryMin {
		t.Fatalf("a canary of %d bytes proves nothing: use Canary", len(canary))
	}
	if len(outputs) == 0 {
		t.Fatal("no outputs given")
	}
	traces := canaryTraces(canary)
	for name, output := range outputs {
		for _, trace := range traces {
			if at := bytes.Index(output, trace.bytes); at >= 0 {
				t.Errorf("%s contains the canary at byte %d: %s", name, at, trace.name)
			}
		}
	}
}

// trace is a form of a value in an output.
type trace struct {
	name  string
	bytes []byte
}

func canaryTraces(canary string) []trace {
	value := []byte(canary)
	half := len(value) / 2
	md5Sum, sha1Sum := md5.Sum(value), sha1.Sum(value)
	sha256Sum, sha512Sum := sha256.Sum256(value), sha512.Sum512(value)

	var all []trace
	for _, part := range []trace{
		{"first half", value[:half]},
		{"second half", value[half:]},
		{"MD5", md5Sum[:digestPart]},
		{"SHA-1", sha1Sum[:digestPart]},
		{"SHA-256", sha256Sum[:digestPart]},
		{"SHA-512", sha512Sum[:digestPart]},
	} {
		all = append(all, spellings(part)...)
	}
	return all
}

// spellings returns the text encodings of bytes.
func spellings(part trace) []trace {
	asHex := hex.EncodeToString(part.bytes)
	all := []trace{
		{part.name + ", as it is", part.bytes},
		{part.name + ", in hex", []byte(asHex)},
		{part.name + ", in hex", []byte(strings.ToUpper(asHex))},
	}
	for offset := range 3 {
		all = append(all,
			trace{part.name + ", in base64", base64Middle(base64.RawStdEncoding, part.bytes, offset)},
			trace{part.name + ", in base64 for URLs", base64Middle(base64.RawURLEncoding, part.bytes, offset)})
	}
	return all
}

// base64Middle returns the base64 characters of b at an offset from a group of three
// bytes, without characters that also depend on the bytes beside b.
func base64Middle(encoding *base64.Encoding, b []byte, offset int) []byte {
	encoded := encoding.EncodeToString(append(make([]byte, offset), b...))
	first := (offset*8 + 5) / 6
	end := (offset + len(b)) * 8 / 6
	return []byte(encoded[first:end])
}
