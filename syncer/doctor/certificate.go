// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxNotice is how long before its end a certificate is a warning. One with a shorter life is
// renewed later: a quarter of its life counts for it.
const maxNotice = 14 * 24 * time.Hour

// certificate checks the certificate of a server and its key. host is the name that clients
// use; empty for any. used is when the program reads the files again.
func certificate(name, certFile, keyFile, host, used string, now time.Time) report.Check {
	name += " certificate"
	pair, err := conffile.KeyPair(certFile, keyFile)
	if err != nil {
		return failed(name, err, "write a certificate in PEM format and its own key, which the user of relay-sync can read; "+used)
	}
	return ofCertificate(name, conffile.Display(certFile), pair, host, used, now)
}

// ofCertificate is the check of a certificate that can be read. Pure.
func ofCertificate(name, file string, pair tls.Certificate, host, used string, now time.Time) report.Check {
	leaf := pair.Leaf
	from, until := leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339)
	switch left := leaf.NotAfter.Sub(now); {
	case now.Before(leaf.NotBefore):
		return bad(name, fmt.Sprintf("%s is valid only from %s on", file, from), "check the clock of this machine, or use another certificate")
	case left <= 0:
		return bad(name, fmt.Sprintf("%s expired at %s", file, until), "renew the certificate; "+used)
	case host != "" && leaf.VerifyHostname(host) != nil:
		return bad(name, fmt.Sprintf("%s is not for %s, the host name in web.url", file, host), "use a certificate with this name, or correct web.url")
	case left < min(maxNotice, leaf.NotAfter.Sub(leaf.NotBefore)/4):
		return warn(name, fmt.Sprintf("%s expires soon, at %s", file, until), "renew the certificate; "+used)
	}
	return ok(name, fmt.Sprintf("%s and its key are valid until %s", file, until))
}
