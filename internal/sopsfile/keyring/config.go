// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Config lists the keys that may decrypt the files of a source. Paths must be absolute
// or relative to the working directory. Every remote kind needs the list of its keys:
// an entry of a file for another key is not tried.
type Config struct {
	// Age are files of age identities: as age-keygen writes them, or SSH private keys.
	Age []string `yaml:"-"`
	// PGP are files of secret keys without passphrases, as gpg --export-secret-keys
	// writes them, armoured or not.
	PGP []string `yaml:"pgp"`
	// AWSKMS enables AWS Key Management Service.
	AWSKMS *AWSKMS `yaml:"aws_kms"`
	// GCPKMS enables Google Cloud KMS.
	GCPKMS *GCPKMS `yaml:"gcp_kms"`
	// AzureKeyVault enables Azure Key Vault.
	AzureKeyVault *AzureKeyVault `yaml:"azure_key_vault"`
	// VaultTransit are the transit engines of Vault or OpenBao; no other is used.
	VaultTransit []VaultTransit `yaml:"vault_transit"`
}

// AWSKMS is AWS Key Management Service.
type AWSKMS struct {
	// Keys are the ARNs of keys or aliases, as in the SOPS files. Required.
	Keys []string `yaml:"keys"`
	// Context is the encryption context that every entry must have; none if unset.
	Context map[string]string `yaml:"context"`
	// CredentialsFile is a shared credentials file of AWS with an access key in its
	// profile "default". It is read at every request. Exactly one of CredentialsFile and
	// Ambient is required.
	CredentialsFile string `yaml:"credentials_file"`
	// Ambient uses the identity of the workload: environment, web identity, container
	// or instance, but no file of a home directory and no command.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; that of the key's region if unset.
	Endpoint string `yaml:"endpoint"`
	// CACert is a PEM file of certificate authorities to trust in addition to the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

// GCPKMS is Google Cloud Key Management Service.
type GCPKMS struct {
	// Keys are resource ids, projects/…/cryptoKeys/…, as in the SOPS files. Required.
	Keys []string `yaml:"keys"`
	// CredentialsFile is the JSON key of a service account. Exactly one of
	// CredentialsFile and Ambient is required.
	CredentialsFile string `yaml:"credentials_file"`
	// Ambient uses Google's application default credentials.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; https://cloudkms.googleapis.com if
	// unset.
	Endpoint string `yaml:"endpoint"`
	// CACert is a PEM file of certificate authorities to trust in addition to the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

// AzureKeyVault is Azure Key Vault, or a managed HSM.
type AzureKeyVault struct {
	// Keys are URLs of keys, https://NAME.vault.azure.net/keys/KEY for any version or
	// …/KEY/VERSION for one. Required.
	Keys []string `yaml:"keys"`
	// TenantID, ClientID and ClientSecretFile are the identity of an application. All
	// of them are required, or Ambient.
	TenantID         string `yaml:"tenant_id"`
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	// Ambient uses a workload identity or else a managed identity, that of ClientID if
	// it is set.
	Ambient bool `yaml:"ambient"`
	// Endpoint is the URL of a private endpoint; the key's own host if unset.
	Endpoint string `yaml:"endpoint"`
	// Authority is the URL of the login server; that of the key's cloud if unset.
	Authority string `yaml:"authority"`
	// CACert is a PEM file of certificate authorities to trust in addition to the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

// VaultTransit is a transit engine of Vault or OpenBao.
type VaultTransit struct {
	// Address is the server's URL, as in the SOPS files. Required.
	Address string `yaml:"address"`
	// Mount is the mount of the engine; "transit" if unset.
	Mount string `yaml:"mount"`
	// Namespace is a Vault Enterprise or OpenBao namespace.
	Namespace string `yaml:"namespace"`
	// Keys are the names of the keys in the engine. Required.
	Keys []string `yaml:"keys"`
	// TokenFile contains a token that may only update MOUNT/decrypt/KEY. It is read at
	// every request. Required.
	TokenFile string `yaml:"token_file"`
	// Endpoint is the URL to connect to; Address if unset.
	Endpoint string `yaml:"endpoint"`
	// AllowHTTP allows a URL to connect to with http:// that is not of this machine. Others
	// on the network can then read the token and data keys; false if unset.
	AllowHTTP bool `yaml:"allow_http"`
	// CACert is a PEM file of certificate authorities to trust instead of the system's.
	CACert string `yaml:"ca_cert"`
	// Proxy is the URL, without credentials, of an HTTP, HTTPS or SOCKS5 proxy. None is
	// taken from the environment.
	Proxy string `yaml:"proxy"`
}

// Empty reports whether no key is configured.
func (c *Config) Empty() bool {
	return len(c.Age) == 0 && len(c.PGP) == 0 && c.AWSKMS == nil && c.GCPKMS == nil && c.AzureKeyVault == nil && len(c.VaultTransit) == 0
}

// Warnings returns one warning for each credential file that every user of the
// machine can read.
func (c *Config) Warnings() []string {
	return conffile.Warnings(slices.Concat(c.Age, c.PGP, c.credentials())...)
}

// CheckFiles reads all files of a configuration without Problems. The error lists what is
// wrong with them.
func (c *Config) CheckFiles() error {
	ring, err := New(*c)
	if err != nil {
		return err
	}
	_, err = ring.Load()
	errs := []error{err}
	for _, path := range c.credentials() {
		if path != "" {
			_, err := conffile.Read(path, conffile.MaxCredentialBytes)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// credentials are the files of credentials for key services; some can be empty.
func (c *Config) credentials() []string {
	var files []string
	if k := c.AWSKMS; k != nil {
		files = append(files, k.CredentialsFile)
	}
	if k := c.GCPKMS; k != nil {
		files = append(files, k.CredentialsFile)
	}
	if k := c.AzureKeyVault; k != nil {
		files = append(files, k.ClientSecretFile)
	}
	for _, k := range c.VaultTransit {
		files = append(files, k.TokenFile)
	}
	return files
}

// Files returns the paths in the configuration, to be made absolute; some can be empty.
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

// The forms of keys. No character in them has a meaning in a URL beyond its own
// segment.
var (
	awsKey       = lazyregexp.New(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]+:(key|alias)/[A-Za-z0-9/_-]+$`)
	gcpKey       = lazyregexp.New(`^projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+/cryptoKeys/[A-Za-z0-9_-]+$`)
	azureKey     = lazyregexp.New(`^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+/keys/[A-Za-z0-9-]+(/[A-Za-z0-9]+)?$`)
	azureTenant  = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
	transitMount = lazyregexp.New(`^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$`)
	transitKey   = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	namespace    = lazyregexp.New(`^[A-Za-z0-9_./-]*$`)
)

// Problems returns what is wrong with the configuration. It reads no file.
func (c *Config) Problems() problem.List {
	var out problem.List
	for i, path := range c.PGP {
		out.AddIf(path == "", problem.Index("pgp", i), "must be the path of a file with secret PGP keys")
	}
	if k := c.AWSKMS; k != nil {
		out.AddList("aws_kms.keys", keyProblems(k.Keys, awsKey, "ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/…"))
		out.AddIf((k.CredentialsFile != "") == k.Ambient, "aws_kms", "must have exactly one of credentials_file and ambient: true")
		out.AddError("aws_kms.endpoint", checkCloudURL(k.Endpoint))
		out.AddError("aws_kms.proxy", httpclient.CheckProxy(k.Proxy))
	}
	if k := c.GCPKMS; k != nil {
		out.AddList("gcp_kms.keys", keyProblems(k.Keys, gcpKey, "resource id, projects/…/locations/…/keyRings/…/cryptoKeys/…"))
		out.AddIf((k.CredentialsFile != "") == k.Ambient, "gcp_kms", "must have exactly one of credentials_file and ambient: true")
		out.AddError("gcp_kms.endpoint", checkCloudURL(k.Endpoint))
		out.AddError("gcp_kms.proxy", httpclient.CheckProxy(k.Proxy))
	}
	if k := c.AzureKeyVault; k != nil {
		out.AddList("azure_key_vault", k.problems())
	}
	seen := map[string]bool{}
	for i, k := range c.VaultTransit {
		out.AddList(problem.Index("vault_transit", i), k.problems(seen))
	}
	return out
}

func keyProblems(keys []string, form *lazyregexp.Regexp, what string) (out problem.List) {
	out.AddIf(len(keys) == 0, "", "is required; each entry is the %s", what)
	for i, key := range keys {
		out.AddIf(!form.MatchString(key) || len(key) > 512, problem.Index("", i), "must be the %s", what)
	}
	return out
}

// checkCloudURL requires TLS, except to this machine: requests carry tokens.
func checkCloudURL(text string) error {
	u, ok := serverURL(text)
	if text == "" || ok && httpclient.RequireTLS(u) == nil {
		return nil
	}
	return errors.New("must be an https:// URL without a path")
}

// serverURL accepts the URL of a server without a path.
func serverURL(text string) (*url.URL, bool) {
	u, err := httpclient.ParseAddress(strings.TrimSuffix(text, "/"))
	return u, err == nil && u.Path == ""
}

func (k *AzureKeyVault) problems() (out problem.List) {
	out.AddList("keys", keyProblems(k.Keys, azureKey, "URL of a key, https://NAME.vault.azure.net/keys/KEY"))
	if k.Ambient {
		out.AddIf(k.TenantID != "" || k.ClientSecretFile != "", "", "must have either ambient: true, or tenant_id, client_id and client_secret_file")
	} else {
		out.AddIf(k.TenantID == "" || k.ClientID == "" || k.ClientSecretFile == "", "", "must have tenant_id, client_id and client_secret_file, or ambient: true")
	}
	out.AddIf(k.TenantID != "" && !azureTenant.MatchString(k.TenantID), "tenant_id", "must be an id or a domain")
	clouds := map[string]bool{}
	for _, key := range k.Keys {
		clouds[azureAudience(key)] = true
	}
	out.AddIf(len(clouds) > 1, "keys", "must be in one cloud; vaults and managed HSMs, and keys of two clouds, need one source each")
	out.AddError("endpoint", checkCloudURL(k.Endpoint))
	out.AddError("proxy", httpclient.CheckProxy(k.Proxy))
	if strings.HasPrefix(k.Authority, "http:") {
		out.Add("authority", "must be an https:// URL without a path")
	} else {
		out.AddError("authority", checkCloudURL(k.Authority))
	}
	return out
}

// checkTLS checks the URL to connect to, which is the endpoint or else the address.
func (k VaultTransit) checkTLS(u *url.URL, valid bool) error {
	if !valid || k.AllowHTTP {
		return nil
	}
	if err := httpclient.RequireTLS(u); err != nil {
		return fmt.Errorf("%w, or with allow_http: true", err)
	}
	return nil
}

// problems adds the ids of its keys to seen.
func (k VaultTransit) problems(seen map[string]bool) (out problem.List) {
	address, ok := serverURL(k.Address)
	out.AddIf(!ok, "address", "must be a URL such as https://vault.example.com:8200, as SOPS files contain it")
	if k.Endpoint == "" {
		out.AddError("address", k.checkTLS(address, ok))
	}
	endpoint, ok := serverURL(k.Endpoint)
	out.AddIf(!ok && k.Endpoint != "", "endpoint", "must be a URL such as https://vault.example.com:8200")
	out.AddError("endpoint", k.checkTLS(endpoint, ok))
	out.AddError("proxy", httpclient.CheckProxy(k.Proxy))
	out.AddIf(!transitMount.MatchString(k.mount()), "mount", "must be a path of letters, digits, _, . and -")
	out.AddIf(!namespace.MatchString(k.Namespace), "namespace", "must be a path of letters, digits, _, . and -")
	out.AddList("keys", keyProblems(k.Keys, transitKey, "name of a transit key"))
	out.AddIf(k.TokenFile == "", "token_file", "is required; a file that contains only a token for this server")
	for _, id := range slices.Sorted(maps.Keys(k.ids())) {
		out.AddIf(seen[id], "keys", "duplicate key %s", id)
		seen[id] = true
	}
	return out
}

// DefaultTransitMount is the mount of a transit engine.
const DefaultTransitMount = "transit"

func (k VaultTransit) mount() string { return cmp.Or(k.Mount, DefaultTransitMount) }

// ids maps the ids that files contain to the names of the keys.
func (k VaultTransit) ids() map[string]string {
	out := map[string]string{}
	for _, key := range k.Keys {
		out[TransitID(k.Address, k.mount(), key)] = key
	}
	return out
}
