// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestCertificateThatClientsRefuseIsAFailure(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	of := func(life time.Duration) tls.Certificate {
		return tls.Certificate{Leaf: &x509.Certificate{NotBefore: from, NotAfter: from.Add(life), DNSNames: []string{"secrets.example.com"}}}
	}
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		pair  tls.Certificate
		host  string
		after time.Duration
		want  report.CheckState
		text  string
	}{
		"valid":                  {of(90 * day), "secrets.example.com", 30 * day, report.CheckOK, "valid until 2027-01-30T00:00:00Z"},
		"for any name":           {of(90 * day), "", 30 * day, report.CheckOK, "valid until"},
		"another name":           {of(90 * day), "other.example.com", 30 * day, report.CheckFailed, "not for other.example.com"},
		"not yet valid":          {of(90 * day), "", -time.Second, report.CheckFailed, "valid only from 2026-11-01T00:00:00Z on"},
		"expired":                {of(90 * day), "", 91 * day, report.CheckFailed, "expired at"},
		"two weeks left":         {of(90 * day), "", 76 * day, report.CheckOK, "valid until"},
		"less":                   {of(90 * day), "", 76*day + 1, report.CheckWarning, "expires soon"},
		"of a week, four left":   {of(7 * day), "", 3 * day, report.CheckOK, "valid until"},
		"of a week, a day left":  {of(7 * day), "", 6 * day, report.CheckWarning, "expires soon"},
		"expired, another name":  {of(day), "other.example.com", 2 * day, report.CheckFailed, "expired at"},
		"expired to the instant": {of(day), "", day, report.CheckFailed, "expired at"},
	} {
		got := ofCertificate("web certificate", "tls.crt", c.pair, c.host, "USED", from.Add(c.after))
		if got.State != c.want || !strings.Contains(got.Text, c.text) || (got.State != report.CheckOK) != (got.Hint != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLoginThatVaultDoesNotHaveIsAFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mount vaultclient.LoginMount
		want  report.CheckState
	}{
		"shown":          {vaultclient.LoginMount{Found: true, Type: "userpass"}, report.CheckOK},
		"hidden":         {vaultclient.LoginMount{Found: true}, report.CheckOK},
		"missing":        {vaultclient.LoginMount{}, report.CheckFailed},
		"another method": {vaultclient.LoginMount{Found: true, Type: "ldap"}, report.CheckFailed},
		"approle":        {vaultclient.LoginMount{Type: "approle"}, report.CheckFailed},
	} {
		if got := ofLogin("userpass at auth/userpass", "userpass", c.mount, "vault auth enable"); got.State != c.want || got.State == report.CheckFailed && got.Hint == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAddressOfAllInterfacesIsReachedOnThisMachine(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":9463": "127.0.0.1:9463", "0.0.0.0:9463": "127.0.0.1:9463", "[::]:9463": "127.0.0.1:9463", "127.0.0.1:9463": "127.0.0.1:9463", "localhost:9463": "localhost:9463",
	} {
		if got := dialable(listen); got != want {
			t.Errorf("%s: %s", listen, got)
		}
	}
}
