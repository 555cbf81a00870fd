// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzDelivery: a delivery is authentic only if one header has the signature of its body, or
// the secret, as another computation gives it.
func FuzzDelivery(f *testing.F) {
	kinds := providers()
	checks := make([]check, len(kinds))
	for i, provider := range kinds {
		path := filepath.Join(f.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(secretOf(provider)), 0o600); err != nil {
			f.Fatal(err)
		}
		var err error
		if checks[i], err = newCheck(provider, path); err != nil {
			f.Fatal(err)
		}
	}
	key := signingKey(f)
	var seeds []fuzztest.Seed
	const body = `{"ref":"refs/heads/main"}`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	for i, headers := range []string{
		"X-Hub-Signature-256: sha256=" + hexMAC([]byte(secret), body) + "\n", "X-Gitlab-Token: " + secret + "\nIdempotency-Key: a\n",
		"webhook-id: msg_1\nwebhook-timestamp: " + now + "\nwebhook-signature: v1a,x v1," + base64MAC(key, "msg_1."+now+"."+body) + "\n",
		"X-Gitea-Signature: " + hexMAC([]byte(secret), body) + "\n", "X-Forgejo-Signature: " + hexMAC([]byte(secret), body) + "\nX-Gitea-Signature: x\n",
		"X-Hub-Signature: sha256=" + hexMAC([]byte(secret), body) + "\nX-Event-Key: diagnostics:ping\n",
	} {
		seeds = append(seeds, fuzztest.Seed{uint8(i), headers, body})
	}
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, which uint8, headers, body string) {
		header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(headers + "\n"))).ReadMIMEHeader()
		if err != nil {
			return
		}
		i := int(which) % len(kinds)
		v := checks[i](http.Header(header))
		for part := range slices.Chunk([]byte(body), 7) {
			if _, err := v.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		id, ok := v.verify()
		if ok != authentic(kinds[i], http.Header(header), body, key) {
			t.Errorf("%s: authentic: %v, of %q with %q", kinds[i], ok, body, headers)
		}
		if ok && (id == "" || len(id) > 2*maxHeaderValueBytes) {
			t.Errorf("%s: the delivery has the id %q", kinds[i], id)
		}
	})
}

// authentic repeats the rules of the git hosts' documentations.
func authentic(provider Provider, header http.Header, body string, key []byte) bool {
	only := func(name string) string {
		if values := header[http.CanonicalHeaderKey(name)]; len(values) == 1 && len(values[0]) <= maxHeaderValueBytes {
			return values[0]
		}
		return ""
	}
	signature := hexMAC([]byte(secret), body)
	switch provider {
	case GitHub:
		given, is := strings.CutPrefix(only("X-Hub-Signature-256"), "sha256=")
		return is && strings.EqualFold(given, signature)
	case Bitbucket:
		given, is := strings.CutPrefix(only("X-Hub-Signature"), "sha256=")
		return is && strings.EqualFold(given, signature)
	case Gitea:
		return strings.EqualFold(only("X-Gitea-Signature"), signature)
	case Forgejo:
		if _, present := header["X-Forgejo-Signature"]; present {
			return strings.EqualFold(only("X-Forgejo-Signature"), signature)
		}
		return strings.EqualFold(only("X-Gitea-Signature"), signature)
	case GitLab:
		return only("X-Gitlab-Token") == secret
	}
	id, at := only("webhook-id"), only("webhook-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if id == "" || err != nil || time.Since(time.Unix(seconds, 0)).Abs() > signedTolerance {
		return false
	}
	want := macOf(key, fmt.Sprintf("%s.%d.%s", id, seconds, body))
	return slices.ContainsFunc(strings.Split(only("webhook-signature"), " "), func(text string) bool {
		encoded, is := strings.CutPrefix(text, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		return is && err == nil && bytes.Equal(given, want)
	})
}

func hexMAC(key []byte, text string) string { return hex.EncodeToString(macOf(key, text)) }

func base64MAC(key []byte, text string) string {
	return base64.StdEncoding.EncodeToString(macOf(key, text))
}

func macOf(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func signingKey(f *testing.F) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "signing")
	if err := os.WriteFile(path, []byte(signing), 0o600); err != nil {
		f.Fatal(err)
	}
	key, err := conffile.SigningKey(path)
	if err != nil {
		f.Fatal(err)
	}
	return key
}
