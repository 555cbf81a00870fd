// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestAssertNoCanaryFindsEveryForm(t *testing.T) {
	t.Parallel()
	canary := canaryWithOddDigest(t)
	sha256Sum, sha512Sum := sha256.Sum256([]byte(canary)), sha512.Sum512([]byte(canary))
	md5Sum, sha1Sum := md5.Sum([]byte(canary)), sha1.Sum([]byte(canary))
	forms := map[string]string{
		"plain":             "error: " + canary + "!",
		"first half":        canary[:len(canary)/2],
		"second half":       canary[len(canary)/2:],
		"hex":               hex.EncodeToString([]byte(canary)),
		"upper hex":         strings.ToUpper(hex.EncodeToString([]byte(canary))),
		"go bytes":          fmt.Sprintf("%x", canary),
		"sha256 hex":        hex.EncodeToString(sha256Sum[:]),
		"sha256 cut":        hex.EncodeToString(sha256Sum[:16]),
		"sha256 base64":     base64.StdEncoding.EncodeToString(sha256Sum[:]),
		"sha256 base64 url": base64.RawURLEncoding.EncodeToString(sha256Sum[:]),
		"sha256 raw":        string(sha256Sum[:]),
		"sha512 hex":        hex.EncodeToString(sha512Sum[:]),
		"sha1 hex":          hex.EncodeToString(sha1Sum[:]),
		"md5 hex":           hex.EncodeToString(md5Sum[:]),
		"md5 base64":        base64.StdEncoding.EncodeToString(md5Sum[:]),
	}
	for before := range 4 {
		for after := range 4 {
			text := []byte(strings.Repeat("<", before) + canary + strings.Repeat(">", after))
			for name, encoding := range map[string]*base64.Encoding{
				"std": base64.StdEncoding, "raw": base64.RawStdEncoding,
				"url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
			} {
				forms[fmt.Sprintf("base64 %s %d+%d", name, before, after)] = encoding.EncodeToString(text)
				half := []byte(strings.Repeat("<", before) + canary[:len(canary)/2] + strings.Repeat(">", after))
				forms[fmt.Sprintf("base64 %s of half %d+%d", name, before, after)] = encoding.EncodeToString(half)
			}
		}
	}
	for name, form := range forms {
		found := &probe{TB: t}
		AssertNoCanary(found, canary, map[string][]byte{"log": []byte("some text " + form + " more text")})
		if !found.failed {
			t.Errorf("%s is not found", name)
		}
	}
}

// canaryWithOddDigest returns a canary whose SHA-256 begins differently in the two
// alphabets of base64.
func canaryWithOddDigest(t *testing.T) string {
	for {
		canary := Canary(t)
		sum := sha256.Sum256([]byte(canary))
		if strings.ContainsAny(base64.StdEncoding.EncodeToString(sum[:])[:8], "+/") {
			return canary
		}
	}
}

func TestAssertNoCanaryAcceptsOtherText(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte(Canary(t)))
	AssertNoCanary(t, Canary(t), map[string][]byte{
		"another canary": []byte(Canary(t)),
		"a hash":         []byte(hex.EncodeToString(sum[:])),
		"text":           []byte("canary in a cage"),
		"nothing":        nil,
	})
}
