// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// Kind is a kind of recipient, by its name in SOPS.
type Kind string

// The kinds.
const (
	Age          Kind = "age"
	PGP          Kind = "pgp"
	AWS          Kind = "kms"
	GCP          Kind = "gcp_kms"
	Azure        Kind = "azure_kv"
	Transit      Kind = "hc_vault"
	NotSupported Kind = "not supported"
)

// Local reports whether keys of this kind decrypt entries in this process.
func (k Kind) Local() bool { return k == Age || k == PGP }

// Wrapped is one entry of a file: a data key, or a part of one, encrypted for a
// recipient. It is untrusted input.
type Wrapped struct {
	Kind Kind
	// ID is the recipient: an age recipient, a fingerprint, an ARN, a resource id, the
	// URL of a key, or a TransitID.
	ID string
	// Context is the encryption context of AWS KMS.
	Context map[string]string
	// Text is the ciphertext in the form of the file.
	Text []byte
}

// Recipient returns the recipient in the form of Keys.Available: age recipients as they
// are, others after their kind.
func (w Wrapped) Recipient() string { return recipient(w.Kind, w.ID) }

// For reports whether the entry is for a recipient, with or without its kind.
func (w Wrapped) For(text string) bool {
	return text == w.Recipient() || recipient(w.Kind, text) == w.Recipient()
}

func recipient(kind Kind, id string) string {
	switch kind {
	case Age:
		return strings.Join(firstFields(id, 2), " ") // without an SSH key's comment
	case PGP:
		return string(kind) + " " + strings.ToUpper(strings.ReplaceAll(id, " ", ""))
	case AWS, GCP, Azure, Transit, NotSupported:
	}
	return string(kind) + " " + id
}

func firstFields(text string, n int) []string {
	fields := strings.Fields(text)
	return fields[:min(len(fields), n)]
}

// TransitID is the id of a key of a transit engine in a file.
func TransitID(address, mount, key string) string {
	return strings.TrimSuffix(address, "/") + "/v1/" + strings.Trim(mount, "/") + "/keys/" + key
}

const (
	// maxKeyBytes is the size of a part of a data key that is split between groups.
	maxKeyBytes = 33
	// maxWrappedBytes is several times the size of a data key for a post-quantum
	// recipient; a longer text could contain thousands of stanzas to try.
	maxWrappedBytes = 16 << 10
)

// Keyring has the keys of one source while its configuration is in use. It keeps logins
// and decrypted data keys. It is safe for concurrent use.
type Keyring struct {
	cfg     Config
	remotes []*guarded
	cache   *cache
}

// New creates the keyring of a configuration without Problems. It reads only files of
// certificate authorities, and sends no request.
func New(cfg Config) (*Keyring, error) {
	r := &Keyring{cfg: cfg, cache: newCache()}
	var errs []error
	add := func(k remote, err error) {
		r.remotes = append(r.remotes, &guarded{remote: k})
		errs = append(errs, err)
	}
	if cfg.AWSKMS != nil {
		add(newAWS(*cfg.AWSKMS))
	}
	if cfg.GCPKMS != nil {
		add(newGCP(*cfg.GCPKMS))
	}
	if cfg.AzureKeyVault != nil {
		add(newAzure(*cfg.AzureKeyVault))
	}
	for _, transit := range cfg.VaultTransit {
		add(newTransit(transit))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// Load reads the key files again. Each must contain a key. The error lists all problems
// with file and line, without the content.
func (r *Keyring) Load() (*Keys, error) {
	keys := &Keys{remotes: r.remotes, cache: r.cache, version: conffile.VersionOf(slices.Concat(r.cfg.Age, r.cfg.PGP)...)}
	var errs []error
	for _, path := range r.cfg.Age {
		errs = append(errs, keys.loadAge(path))
	}
	for _, path := range r.cfg.PGP {
		errs = append(errs, keys.loadPGP(path))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, remote := range r.remotes {
		keys.available = append(keys.available, remote.available()...)
	}
	return keys, nil
}

// Keys are the decryption keys of one source. They print as their public forms. The
// zero value has no key.
type Keys struct {
	identities []age.Identity
	ring       openpgp.EntityList
	remotes    []*guarded
	cache      *cache
	available  []string
	// version is of the key files before they were read.
	version conffile.Version
}

// Same reports whether both decrypt the same files; nil is without a key.
func (k *Keys) Same(other *Keys) bool {
	if k == nil || other == nil {
		return k == other
	}
	return k.version.Same(other.version) && slices.Equal(k.available, other.available)
}

// Available lists the public forms of the keys: age recipients, and others after their
// kind.
func (k *Keys) Available() []string { return slices.Clone(k.available) }

// Format implements fmt.Formatter for every verb and flag.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String implements fmt.Stringer.
func (k Keys) String() string {
	if len(k.available) == 0 {
		return "no key"
	}
	return strings.Join(k.available, ", ")
}

// LogValue implements slog.LogValuer.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Open decrypts one entry. The error is the context's, ErrNoAvailableKey if the entry is
// for no configured key, or an *Error.
func (k *Keys) Open(ctx context.Context, w Wrapped) ([]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if len(w.Text) > maxWrappedBytes {
		return nil, ErrNoAvailableKey
	}
	switch w.Kind {
	case Age:
		return k.openAge(w)
	case PGP:
		return k.openPGP(w)
	case AWS, GCP, Azure, Transit:
		for _, remote := range k.remotes {
			if remote.kind() == w.Kind && remote.lists(w.ID) {
				return k.cache.open(ctx, w, remote.open)
			}
		}
	case NotSupported:
	}
	return nil, ErrNoAvailableKey
}
