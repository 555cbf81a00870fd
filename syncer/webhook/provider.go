// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// Provider is a kind of git host. It determines how deliveries are authenticated.
type Provider string

// The supported providers.
const (
	// GitHub signs the body: X-Hub-Signature-256 (docs.github.com, "Validating
	// webhook deliveries").
	GitHub Provider = "github"
	// GitLab sends the secret itself: X-Gitlab-Token (docs.gitlab.com, "Webhooks",
	// secret token).
	GitLab Provider = "gitlab"
	// GitLabSigned signs id, time and body by Standard Webhooks
	// (docs.gitlab.com, "Webhooks", signing token; www.standardwebhooks.com).
	GitLabSigned Provider = "gitlab-signed"
	// Gitea signs the body: X-Gitea-Signature (docs.gitea.com, "Webhooks").
	Gitea Provider = "gitea"
	// Forgejo signs the body: X-Forgejo-Signature; older releases send only
	// X-Gitea-Signature (forgejo.org, "Webhooks").
	Forgejo Provider = "forgejo"
	// Bitbucket, Cloud and Data Center, signs the body: X-Hub-Signature
	// (support.atlassian.com, "Manage webhooks", secure webhooks).
	Bitbucket Provider = "bitbucket"
)

// providers lists the supported providers.
func providers() []Provider {
	return []Provider{GitHub, GitLab, GitLabSigned, Gitea, Forgejo, Bitbucket}
}

// check begins to authenticate a delivery with these headers.
type check func(header http.Header) verifier

// verifier authenticates one delivery. Its body is written to it, in parts, and is not
// kept.
type verifier struct {
	io.Writer
	// verify is called after the whole body. It returns an authenticated id of the
	// delivery, or false.
	verify func() (delivery string, ok bool)
}

// newCheck returns the check of a provider with the shared secret in a file.
func newCheck(provider Provider, path string) (check, error) {
	if provider == GitLabSigned {
		key, err := conffile.SigningKey(path)
		if err != nil {
			return nil, fmt.Errorf("webhook.secret_file: %w", err)
		}
		return standardSignature(key), nil
	}
	secret, err := conffile.Secret(path)
	if err != nil {
		return nil, fmt.Errorf("webhook.secret_file: %w", err)
	}
	switch provider {
	case GitHub:
		return bodySignature(secret, "sha256=", "X-Hub-Signature-256"), nil
	case Bitbucket:
		return bodySignature(secret, "sha256=", "X-Hub-Signature"), nil
	case Gitea:
		return bodySignature(secret, "", "X-Gitea-Signature"), nil
	case Forgejo:
		return bodySignature(secret, "", "X-Forgejo-Signature", "X-Gitea-Signature"), nil
	case GitLab:
		return sharedToken(secret), nil
	}
	return nil, fmt.Errorf("unknown provider %q", provider)
}

// bodySignature checks the hex HMAC-SHA256 of the body in the first of the headers
// that is present. If that signature is wrong, the check fails, whatever the other
// headers are.
func bodySignature(secret, prefix string, headers ...string) check {
	return func(header http.Header) verifier {
		mac := hmac.New(sha256.New, []byte(secret))
		return verifier{mac, func() (string, bool) {
			want := mac.Sum(nil)
			for _, name := range headers {
				if _, present := header[name]; !present {
					continue
				}
				text, prefixed := strings.CutPrefix(single(header, name), prefix)
				given, err := hex.DecodeString(text)
				return string(want), prefixed && err == nil && hmac.Equal(given, want)
			}
			return "", false
		}}
	}
}

// sharedToken checks that the sender sent the secret. The token authenticates
// nothing else of the delivery, so its id is what the sender claims:
// Idempotency-Key, which is the same for all retries, else the event's id, else the
// digest of the body.
func sharedToken(secret string) check {
	want := sha256.Sum256([]byte(secret))
	return func(header http.Header) verifier {
		digest := sha256.New()
		return verifier{digest, func() (string, bool) {
			// Hashed, because ConstantTimeCompare is constant in time only for equal lengths.
			given := sha256.Sum256([]byte(single(header, "X-Gitlab-Token")))
			ok := subtle.ConstantTimeCompare(given[:], want[:]) == 1
			for _, name := range []string{"Idempotency-Key", "X-Gitlab-Event-Uuid"} {
				if id := single(header, name); id != "" {
					return name + " " + id, ok
				}
			}
			return string(digest.Sum(nil)), ok
		}}
	}
}

// signedTolerance is how much a signed time may be off, as the libraries of Standard
// Webhooks have it.
const signedTolerance = 5 * time.Minute

// standardSignature checks a Standard Webhooks signature: HMAC-SHA256 of id, time and
// body. (The library of the specification needs the whole body in memory.)
func standardSignature(key []byte) check {
	return func(header http.Header) verifier {
		mac := hmac.New(sha256.New, key)
		value := func(name string) string { return single(header, http.CanonicalHeaderKey(name)) }
		id, signatures := value(standardwebhooks.HeaderWebhookID), value(standardwebhooks.HeaderWebhookSignature)
		seconds, err := strconv.ParseInt(value(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
		fmt.Fprintf(mac, "%s.%d.", id, seconds)
		return verifier{mac, func() (string, bool) {
			current := time.Since(time.Unix(seconds, 0)).Abs() <= signedTolerance
			return id, id != "" && err == nil && current && signedBy(signatures, mac.Sum(nil))
		}}
	}
}

// signedBy reports whether one of the signatures, which spaces separate, is the wanted one
// of version 1.
func signedBy(signatures string, want []byte) bool {
	for text := range strings.SplitSeq(signatures, " ") {
		encoded, current := strings.CutPrefix(text, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if current && err == nil && hmac.Equal(given, want) {
			return true
		}
	}
	return false
}

// unsignedTest reports whether a delivery is the connection test of Bitbucket Data
// Center, which is not signed even if a secret is configured.
func unsignedTest(header http.Header) bool {
	return single(header, "X-Event-Key") == "diagnostics:ping" && single(header, "X-Hub-Signature") == ""
}

// single returns the value of a header, or "" if the header is missing, duplicate or
// longer than maxHeaderValueBytes.
func single(header http.Header, name string) string {
	if values := header[name]; len(values) == 1 && len(values[0]) <= maxHeaderValueBytes {
		return values[0]
	}
	return ""
}
