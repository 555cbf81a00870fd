// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// vaultTransit decrypts entries with one transit engine. It does not use Vault's client,
// which reads an address, a token and more from the environment.
type vaultTransit struct {
	cfg  VaultTransit
	keys map[string]string // id in files → name in the engine
	http *http.Client
}

func newTransit(cfg VaultTransit) (*vaultTransit, error) {
	client, err := newHTTPClient(cfg.CACert, true, cfg.Proxy)
	return &vaultTransit{cfg: cfg, keys: cfg.ids(), http: client}, err
}

func (k *vaultTransit) kind() Kind           { return Transit }
func (k *vaultTransit) lists(id string) bool { return k.keys[id] != "" }

func (k *vaultTransit) available() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(k.keys)) {
		out = append(out, recipient(Transit, id))
	}
	return out
}

var transitCiphertext = lazyregexp.New(`^vault:v[0-9]{1,9}:[A-Za-z0-9+/=]+$`)

func (k *vaultTransit) unwrap(ctx context.Context, w Wrapped) ([]byte, error) {
	if !transitCiphertext.Match(w.Text) {
		return nil, damaged("not a ciphertext of a transit engine")
	}
	token, err := conffile.Token(k.cfg.TokenFile)
	if err != nil {
		return nil, unavailable("token_file: " + err.Error())
	}
	header := http.Header{"X-Vault-Token": {token}, "X-Vault-Request": {"true"}}
	if k.cfg.Namespace != "" {
		header.Set("X-Vault-Namespace", k.cfg.Namespace)
	}
	var answer struct {
		Data struct {
			Plaintext []byte `json:"plaintext"`
		} `json:"data"`
	}
	server := strings.TrimSuffix(cmp.Or(k.cfg.Endpoint, k.cfg.Address), "/")
	// https://developer.hashicorp.com/vault/api-docs/secret/transit#decrypt-data
	err = post(ctx, k.http, server+"/v1/"+k.cfg.mount()+"/decrypt/"+k.keys[w.ID], header,
		map[string]any{"ciphertext": string(w.Text)}, &answer)
	return answer.Data.Plaintext, err
}
