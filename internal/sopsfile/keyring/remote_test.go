// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring/keyringtest"
)

const (
	awsARN    = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
	gcpID     = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
	azureURL  = "https://team.vault.azure.net/keys/sops"
	azureFull = azureURL + "/0123456789abcdef"
	vaultAddr = "https://vault.example.com:8200"
)

// everyRemote is a configuration with all remote kinds at the stand-in, and a
// wrapped entry for each.
func everyRemote(t testing.TB, s *keyringtest.StandIn, key []byte) (Config, map[Kind]Wrapped) {
	t.Helper()
	account, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(account)
	if err != nil {
		t.Fatal(err)
	}
	service, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "sync@example.com", "token_uri": s.URL + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		AWSKMS: &AWSKMS{
			Keys: []string{awsARN}, Context: map[string]string{"team": "shop"}, Endpoint: s.URL, CACert: s.CACert,
			CredentialsFile: writeFile(t, "aws", "[default]\naws_access_key_id = AKIDSTANDIN\naws_secret_access_key = x\n"),
		},
		GCPKMS: &GCPKMS{Keys: []string{gcpID}, Endpoint: s.URL, CACert: s.CACert, CredentialsFile: writeFile(t, "gcp.json", string(service))},
		AzureKeyVault: &AzureKeyVault{
			Keys: []string{azureURL}, TenantID: "tenant", ClientID: "client", ClientSecretFile: writeFile(t, "azure", "secret\n"),
			Endpoint: s.URL, Authority: s.URL, CACert: s.CACert,
		},
		VaultTransit: []VaultTransit{{
			Address: vaultAddr, Endpoint: s.URL, Keys: []string{"sops"}, CACert: s.CACert, TokenFile: writeFile(t, "token", keyringtest.Token+"\n"),
		}},
	}
	if problems := cfg.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	encode := base64.StdEncoding.EncodeToString
	return cfg, map[Kind]Wrapped{
		AWS:   {Kind: AWS, ID: awsARN, Context: map[string]string{"team": "shop"}, Text: []byte(encode(s.Seal(awsARN+"map[team:shop]", key)))},
		GCP:   {Kind: GCP, ID: gcpID, Text: []byte(encode(s.Seal(gcpID, key)))},
		Azure: {Kind: Azure, ID: azureFull, Text: []byte(base64.RawURLEncoding.EncodeToString(s.SealRSA(t, key)))},
		Transit: {
			Kind: Transit, ID: TransitID(vaultAddr, "transit", "sops"),
			Text: []byte("vault:v1:" + encode(s.Seal("transit sops", key))),
		},
	}
}

func mustLoad(t testing.TB, cfg Config) *Keys {
	t.Helper()
	keys, err := load(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// hostileEnvironment names servers and credentials everywhere that the stock
// libraries look.
func hostileEnvironment(t *testing.T, server string) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "VAULT_ADDR", "VAULT_AGENT_ADDR", "VAULT_PROXY_ADDR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY",
		"SOPS_GCP_KMS_ENDPOINT", "AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "GCE_METADATA_HOST",
	} {
		t.Setenv(name, server)
	}
	for name, value := range map[string]string{
		"HOME": home, "GNUPGHOME": home, "NO_PROXY": "none.example.com", "AWS_ACCESS_KEY_ID": "AKIDENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "canary", "AWS_SESSION_TOKEN": "canary",
		"AWS_REGION": "us-gov-1", "AWS_PROFILE": "none", "AWS_CA_BUNDLE": "/none", "VAULT_TOKEN": "hvs.canary", "VAULT_NAMESPACE": "none", "VAULT_CACERT": "/none",
		"SOPS_HC_VAULT_ALLOWLIST": "none", "SOPS_GCP_KMS_CLIENT_TYPE": "grpc", "GOOGLE_APPLICATION_CREDENTIALS": "/none", "GOOGLE_CREDENTIALS": "{}", "GOOGLE_OAUTH_ACCESS_TOKEN": "canary",
		"GOOGLE_CLOUD_UNIVERSE_DOMAIN": "none.example.com", "AZURE_TENANT_ID": "none", "AZURE_CLIENT_ID": "none", "AZURE_CLIENT_SECRET": "canary", "AZURE_REGIONAL_AUTHORITY_NAME": "none",
		"SOPS_AGE_KEY": "none", "SOPS_GPG_EXEC": "/none",
	} {
		t.Setenv(name, value)
	}
}

// Not parallel: it sets the environment.
func TestRemoteKindsUseOnlyTheConfiguration(t *testing.T) {
	server, attacker := keyringtest.Start(t), keyringtest.Start(t)
	hostileEnvironment(t, attacker.URL)
	key := []byte(rand.Text() + rand.Text())[:32]
	cfg, entries := everyRemote(t, server, key)
	keys := mustLoad(t, cfg)
	want := []string{"kms " + awsARN, "gcp_kms " + gcpID, "azure_kv " + azureURL, "hc_vault " + vaultAddr + "/v1/transit/keys/sops"}
	if !slices.Equal(keys.Available(), want) {
		t.Errorf("available %q, want %q", keys.Available(), want)
	}
	for kind, entry := range entries {
		for range 2 {
			if opened, err := keys.Open(t.Context(), entry); err != nil || !bytes.Equal(opened, key) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	asked := server.Requests()
	slices.Sort(asked)
	wanted := []string{"POST /", "POST /keys/sops/0123456789abcdef/decrypt", "POST /v1/" + gcpID + ":decrypt", "POST /v1/transit/decrypt/sops"}
	if !slices.Equal(asked, wanted) {
		t.Errorf("asked %q, want %q, each once", asked, wanted)
	}

	// Whatever an entry names that is not listed is asked nowhere, nor is any kind
	// that is not turned on.
	off := mustLoad(t, Config{Age: []string{writeFile(t, "age", newIdentity(t).String())}})
	for kind, id := range map[Kind]string{
		AWS: awsARN + "0", GCP: gcpID + "2", Azure: azureURL + "2/0123456789abcdef", Transit: TransitID(attacker.URL, "transit", "sops"),
	} {
		other := entries[kind]
		other.ID = id
		if _, err := keys.Open(t.Context(), other); !errors.Is(err, ErrNoAvailableKey) {
			t.Errorf("%s of %s: got %v", kind, id, err)
		}
		if _, err := off.Open(t.Context(), entries[kind]); !errors.Is(err, ErrNoAvailableKey) {
			t.Errorf("%s turned off: got %v", kind, err)
		}
	}
	for _, id := range []string{azureFull + "/x", azureURL + "/../sops", azureURL + "/a?b", azureURL + "/", attacker.URL + "/keys/sops/1"} {
		if _, err := keys.Open(t.Context(), Wrapped{Kind: Azure, ID: id, Text: entries[Azure].Text}); !errors.Is(err, ErrNoAvailableKey) {
			t.Errorf("azure %s: got %v", id, err)
		}
	}
	foreign := entries[AWS]
	foreign.Context = map[string]string{"team": "bank"}
	if _, err := keys.Open(t.Context(), foreign); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "encryption context") {
		t.Errorf("foreign context: got %v", err)
	}
	if len(server.Requests()) != len(wanted) || len(attacker.Requests()) != 0 {
		t.Errorf("asked too much: %q, and of the attacker %q", server.Requests(), attacker.Requests())
	}
}

func TestRemoteErrorsHaveAClassAndNoText(t *testing.T) {
	t.Parallel()
	s := keyringtest.Start(t)
	key := []byte(rand.Text() + rand.Text())[:32]
	cfg, entries := everyRemote(t, s, key)
	hang := func(_ http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   error
		aws    error // where it differs
	}{
		{"forbidden", keyringtest.Status(403), ErrRejected, nil},
		{"unauthorised", keyringtest.Status(401), ErrRejected, nil},
		{"not found", keyringtest.Status(404), ErrRejected, nil},
		{"bad request", keyringtest.Status(400), ErrDamaged, ErrRejected},
		{"too many", keyringtest.Status(429), ErrUnavailable, ErrRejected},
		{"broken", keyringtest.Status(503), ErrUnavailable, nil},
		{"cut", hang, ErrUnavailable, nil},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, s.URL+"/elsewhere", http.StatusTemporaryRedirect)
		}, ErrRejected, nil},
	} {
		s.Answer(test.answer)
		for _, kind := range slices.Sorted(maps.Keys(entries)) {
			if kind == AWS && test.name == "too many" {
				continue // has a code of its own
			}
			_, err := mustLoad(t, cfg).Open(t.Context(), entries[kind])
			want := test.want
			if kind == AWS && test.aws != nil {
				want = test.aws
			}
			if !errors.Is(err, want) {
				t.Errorf("%s of %s: got %v, want %v", test.name, kind, err, want)
			}
			if err != nil && (strings.Contains(err.Error(), keyringtest.Canary) || strings.Contains(err.Error(), s.URL) || !strings.Contains(err.Error(), entries[kind].Recipient())) {
				t.Errorf("%s of %s: %v", test.name, kind, err)
			}
		}
	}
	for code, want := range map[string]error{
		"AccessDeniedException": ErrRejected, "NotFoundException": ErrRejected, "DisabledException": ErrRejected, "InvalidCiphertextException": ErrDamaged,
		"IncorrectKeyException": ErrDamaged, "ThrottlingException": ErrUnavailable, "KMSInternalException": ErrUnavailable,
	} {
		s.Answer(keyringtest.AWSError(code))
		_, err := mustLoad(t, cfg).Open(t.Context(), entries[AWS])
		if !errors.Is(err, want) || !strings.Contains(err.Error(), code) || strings.Contains(err.Error(), keyringtest.Canary) {
			t.Errorf("%s: got %v, want %v", code, err, want)
		}
	}
	s.Answer(nil)
	for kind, entry := range entries { // and all is well again
		if opened, err := mustLoad(t, cfg).Open(t.Context(), entry); err != nil || !bytes.Equal(opened, key) {
			t.Errorf("%s: %v", kind, err)
		}
		damagedEntry := entry
		damagedEntry.Text = slices.Concat(entry.Text[:len(entry.Text)-8], []byte("AAAAAAAA"))
		if _, err := mustLoad(t, cfg).Open(t.Context(), damagedEntry); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s damaged: got %v", kind, err)
		}
	}
}

func TestUnreadableCredentialsAreUnavailable(t *testing.T) {
	t.Parallel()
	s := keyringtest.Start(t)
	cfg, entries := everyRemote(t, s, make([]byte, 32))
	cfg.AWSKMS.CredentialsFile = writeFile(t, "aws", "[default]\nrole_arn = x\ncredential_process = touch /none\n")
	cfg.GCPKMS.CredentialsFile = writeFile(t, "gcp", `{"type": "external_account", "credential_source": {"executable": {"command": "touch"}}}`)
	cfg.AzureKeyVault.ClientSecretFile = writeFile(t, "azure", "\n")
	cfg.VaultTransit[0].TokenFile += ".missing"
	keys := mustLoad(t, cfg)
	for kind, entry := range entries {
		if _, err := keys.Open(t.Context(), entry); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	if len(s.Requests()) > 0 {
		t.Errorf("asked %q", s.Requests())
	}
}
