// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// Config says which keys a source may open its files with. Paths must be absolute
// or relative to the working folder. Every remote kind needs the list of its keys:
// an entry of a file that names another key is not tried.
type Config struct {
	// Age are files of age identities: as age-keygen writes them, or SSH private keys.
	Age []string `yaml:"-"`
	// PGP are files of secret keys without passphrases, as gpg --export-secret-keys
	// writes them, armoured or not.
	PGP []string `yaml:"pgp"`
	// AWSKMS turns AWS Key Management Service on.
	AWSKMS *AWSKMS `yaml:"aws_kms"`
	// GCPKMS turns Google Cloud KMS on.
	GCPKMS *GCPKMS `yaml:"gcp_kms"`
	// AzureKeyVault turns Azure Key Vault on.
	AzureKeyVault *AzureKeyVault `yaml:"azure_key_vault"`
	// VaultTransit are the transit engines of Vault or OpenBao that are asked, and no
	// others.
	VaultTransit []VaultTransit `yaml:"vault_transit"`
}

// AWSKMS is AWS Key Management Service.
type AWSKMS struct {
	// Keys are the ARNs of keys or aliases, as files name them. Required.
	Keys []string `yaml:"keys"`
	// Context is the encryption context that every entry must have and is opened
	// with; an entry has none if unset.
	Context map[string]string `yaml:"context"`
	// CredentialsFile is a shared credentials file of AWS; its profile "default" must
	// hold an access key. It is read at every request. Exactly one of it and Ambient.
	CredentialsFile string `yaml:"credentials_file"`
	// Ambient takes the identity of the workload: environment, web identity,
	// container or instance; no file of a home folder and no command.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; the one of the key's region if unset.
	Endpoint string `yaml:"endpoint"`
	// CACert is a PEM file of authorities to trust besides the system's.
	CACert string `yaml:"ca_cert"`
}

// GCPKMS is Google Cloud Key Management Service.
type GCPKMS struct {
	// Keys are resource ids, projects/…/cryptoKeys/…, as files name them. Required.
	Keys []string `yaml:"keys"`
	// CredentialsFile is the JSON key of a service account. Exactly one of it and
	// Ambient.
	CredentialsFile string `yaml:"credentials_file"`
	// Ambient takes Google's application default credentials.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; https://cloudkms.googleapis.com if
	// unset.
	Endpoint string `yaml:"endpoint"`
	// CACert is a PEM file of authorities to trust besides the system's.
	CACert string `yaml:"ca_cert"`
}

// AzureKeyVault is Azure Key Vault, or a managed HSM.
type AzureKeyVault struct {
	// Keys are URLs of keys, https://NAME.vault.azure.net/keys/KEY for any version of
	// it or …/KEY/VERSION for one. Required.
	Keys []string `yaml:"keys"`
	// TenantID, ClientID and ClientSecretFile are an application's identity. All of
	// them, or Ambient.
	TenantID         string `yaml:"tenant_id"`
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	// Ambient takes a workload identity or else a managed identity, the one of
	// ClientID if set.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; the key's own host if unset.
	Endpoint string `yaml:"endpoint"`
	// Authority is the URL to log in at; the one of the key's cloud if unset.
	Authority string `yaml:"authority"`
	// CACert is a PEM file of authorities to trust besides the system's.
	CACert string `yaml:"ca_cert"`
}

// VaultTransit is a transit engine of a Vault or an OpenBao.
type VaultTransit struct {
	// Address is the server's URL, as files name it. Required.
	Address string `yaml:"address"`
	// Mount is the engine's; "transit" if unset.
	Mount string `yaml:"mount"`
	// Namespace is a Vault Enterprise or OpenBao namespace.
	Namespace string `yaml:"namespace"`
	// Keys are names of keys in the engine. Required.
	Keys []string `yaml:"keys"`
	// TokenFile holds a token of its own, that may update MOUNT/decrypt/KEY and needs
	// nothing else. It is read at every request. Required.
	TokenFile string `yaml:"token_file"`
	// Endpoint is where the server is reached; Address if unset.
	Endpoint string `yaml:"endpoint"`
	// CACert is a PEM file of authorities to trust in place of the system's.
	CACert string `yaml:"ca_cert"`
}

// Empty reports whether no kind of key is set.
func (c *Config) Empty() bool {
	return len(c.Age) == 0 && len(c.PGP) == 0 && c.AWSKMS == nil && c.GCPKMS == nil && c.AzureKeyVault == nil && len(c.VaultTransit) == 0
}

// Files are the paths in it, for a folder to be put before; some may be empty.
func (c *Config) Files() []*string {
	var out []*string
	for i := range c.Age {
		out = append(out, &c.Age[i])
	}
	for i := range c.PGP {
		out = append(out, &c.PGP[i])
	}
	if k := c.AWSKMS; k != nil {
		out = append(out, &k.CredentialsFile, &k.CACert)
	}
	if k := c.GCPKMS; k != nil {
		out = append(out, &k.CredentialsFile, &k.CACert)
	}
	if k := c.AzureKeyVault; k != nil {
		out = append(out, &k.ClientSecretFile, &k.CACert)
	}
	for i := range c.VaultTransit {
		out = append(out, &c.VaultTransit[i].TokenFile, &c.VaultTransit[i].CACert)
	}
	return out
}

// Problem is something wrong with a configuration.
type Problem struct {
	// At leads there, by keys of the configuration and indexes.
	At   []any
	Text string
}

// Where keys and servers are named. Nothing here has a meaning in a URL beyond its
// own segment.
var (
	awsKey       = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]+:(key|alias)/[A-Za-z0-9/_-]+$`)
	gcpKey       = regexp.MustCompile(`^projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+/cryptoKeys/[A-Za-z0-9_-]+$`)
	azureKey     = regexp.MustCompile(`^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/keys/[A-Za-z0-9-]+(/[A-Za-z0-9]+)?$`)
	azureTenant  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
	transitMount = regexp.MustCompile(`^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$`)
	transitKey   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	namespace    = regexp.MustCompile(`^[A-Za-z0-9_./-]*$`)
)

// Problems lists all that is wrong with the meaning of a configuration. It reads no
// file.
func (c *Config) Problems() []Problem {
	var check configCheck
	for i, path := range c.PGP {
		check.unless(path != "", "must be a file of secret PGP keys", "pgp", i)
	}
	if k := c.AWSKMS; k != nil {
		check.keys(k.Keys, awsKey, "ARNs of keys, such as arn:aws:kms:eu-west-1:123456789012:key/…", "aws_kms")
		check.oneIdentity(k.CredentialsFile != "", k.Ambient, "credentials_file", "aws_kms")
		check.cloudURL(k.Endpoint, "aws_kms", "endpoint")
	}
	if k := c.GCPKMS; k != nil {
		check.keys(k.Keys, gcpKey, "resource ids, projects/…/locations/…/keyRings/…/cryptoKeys/…", "gcp_kms")
		check.oneIdentity(k.CredentialsFile != "", k.Ambient, "credentials_file", "gcp_kms")
		check.cloudURL(k.Endpoint, "gcp_kms", "endpoint")
	}
	if k := c.AzureKeyVault; k != nil {
		check.azure(k)
	}
	check.transits(c.VaultTransit)
	return check.problems
}

type configCheck struct{ problems []Problem }

func (c *configCheck) unless(fine bool, text string, at ...any) {
	if !fine {
		c.problems = append(c.problems, Problem{At: at, Text: describe(at) + " " + text})
	}
}

func describe(at []any) string {
	out := "keys"
	for _, step := range at {
		if key, ok := step.(string); ok {
			out += "." + key
		} else {
			out += fmt.Sprintf("[%d]", step)
		}
	}
	return out
}

func (c *configCheck) keys(keys []string, form *regexp.Regexp, what string, at ...any) {
	at = append(slices.Clone(at), "keys")
	c.unless(len(keys) > 0, "is missing: "+what, at...)
	for i, key := range keys {
		c.unless(form.MatchString(key) && len(key) <= 512, "must be one of the "+what, append(slices.Clone(at), i)...)
	}
}

func (c *configCheck) oneIdentity(file, ambient bool, key string, at ...any) {
	c.unless(file != ambient, "needs exactly one of "+key+" and ambient: true", at...)
}

// cloudURL requires TLS, except to this machine: requests carry tokens.
func (c *configCheck) cloudURL(text string, at ...any) {
	u, ok := serverURL(text)
	c.unless(text == "" || ok && httpclient.RequireTLS(u) == nil, "must be an https:// URL without path", at...)
}

// serverURL accepts the URL of a server without a path.
func serverURL(text string) (*url.URL, bool) {
	u, err := httpclient.ParseAddress(strings.TrimSuffix(text, "/"))
	return u, err == nil && u.Path == ""
}

func (c *configCheck) azure(k *AzureKeyVault) {
	const at = "azure_key_vault"
	c.keys(k.Keys, azureKey, "URLs of keys, https://NAME.vault.azure.net/keys/KEY", at)
	if k.Ambient {
		c.unless(k.TenantID == "" && k.ClientSecretFile == "", "needs either ambient: true or tenant_id, client_id and client_secret_file", at)
	} else {
		c.unless(k.TenantID != "" && k.ClientID != "" && k.ClientSecretFile != "", "needs tenant_id, client_id and client_secret_file, or ambient: true", at)
	}
	c.unless(k.TenantID == "" || azureTenant.MatchString(k.TenantID), "must be an id or a domain", at, "tenant_id")
	clouds := map[string]bool{}
	for _, key := range k.Keys {
		clouds[azureAudience(key)] = true
	}
	c.unless(len(clouds) < 2, "must be in one cloud: vaults and managed HSMs, or keys of two clouds, need a source each", at, "keys")
	c.cloudURL(k.Endpoint, at, "endpoint")
	c.unless(!strings.HasPrefix(k.Authority, "http:"), "must be an https:// URL without path", at, "authority")
	c.cloudURL(k.Authority, at, "authority")
}

func (c *configCheck) transits(all []VaultTransit) {
	seen := map[string]bool{}
	for i, k := range all {
		_, ok := serverURL(k.Address)
		c.unless(ok, "must be a URL such as https://vault.example.com:8200, as the files name it", "vault_transit", i, "address")
		_, ok = serverURL(k.Endpoint)
		c.unless(ok || k.Endpoint == "", "must be a URL such as https://vault.example.com:8200", "vault_transit", i, "endpoint")
		c.unless(transitMount.MatchString(k.mount()), "must be a path of letters, digits, _, . and -", "vault_transit", i, "mount")
		c.unless(namespace.MatchString(k.Namespace), "must be a path of letters, digits, _, . and -", "vault_transit", i, "namespace")
		c.keys(k.Keys, transitKey, "names of transit keys", "vault_transit", i)
		c.unless(k.TokenFile != "", "is missing: a file that holds nothing but a token of its own", "vault_transit", i, "token_file")
		for _, id := range slices.Sorted(maps.Keys(k.ids())) {
			c.unless(!seen[id], "names a key twice: "+id, "vault_transit", i, "keys")
			seen[id] = true
		}
	}
}

func (k VaultTransit) mount() string {
	if k.Mount == "" {
		return "transit"
	}
	return k.Mount
}

// ids maps what files call the keys to their names.
func (k VaultTransit) ids() map[string]string {
	out := map[string]string{}
	for _, key := range k.Keys {
		out[TransitID(k.Address, k.mount(), key)] = key
	}
	return out
}
