// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"runtime"
	"testing"
)

// pattern is a body of many bytes that needs no memory.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestLargestDeliveryIsVerifiedWithoutKeepingIt: a push of many files has a body of up to
// 25 MB at GitHub.
func TestLargestDeliveryIsVerifiedWithoutKeepingIt(t *testing.T) {
	const size = 25 << 20
	body := func() io.Reader { return io.LimitReader(pattern{}, size) }
	mac := hmac.New(sha256.New, []byte(secret))
	if _, err := io.CopyBuffer(mac, body(), make([]byte, 7<<10)); err != nil {
		t.Fatal(err)
	}
	in := newInbox(t, GitHub, secret)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := httptest.NewRequest("POST", "/webhook/shop", body())
	r.ContentLength = size
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	status := in.deliver(r)
	runtime.ReadMemStats(&after)
	if status != 204 || in.triggered() != 1 {
		t.Errorf("status %d, %d triggers", status, in.triggered())
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 2<<20 {
		t.Errorf("%d bytes of memory for one delivery", allocated)
	}
}
