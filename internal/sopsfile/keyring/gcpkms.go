// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// The public endpoint and what a token for it must be for.
const (
	gcpEndpoint = "https://cloudkms.googleapis.com"
	gcpScope    = "https://www.googleapis.com/auth/cloudkms"
)

// gcpKMS opens entries with GCP KMS, by its REST interface: the library for it
// reads the environment for an endpoint and for certificates.
type gcpKMS struct {
	cfg   GCPKMS
	http  *http.Client
	login login[oauth2.TokenSource]
}

func newGCP(cfg GCPKMS) (*gcpKMS, error) {
	client, err := newHTTPClient(cfg.CACert, false, cfg.Proxy)
	k := &gcpKMS{cfg: cfg, http: client}
	k.login.build = k.newLogin
	return k, err
}

func (k *gcpKMS) kind() Kind           { return GCP }
func (k *gcpKMS) lists(id string) bool { return slices.Contains(k.cfg.Keys, id) }

func (k *gcpKMS) available() []string {
	var out []string
	for _, key := range k.cfg.Keys {
		out = append(out, recipient(GCP, key))
	}
	return out
}

func (k *gcpKMS) unwrap(ctx context.Context, w Wrapped) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(string(w.Text))
	if err != nil {
		return nil, damaged("invalid base64")
	}
	token, err := k.token(ctx)
	if err != nil {
		return nil, err
	}
	// https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt
	url := strings.TrimSuffix(cmp.Or(k.cfg.Endpoint, gcpEndpoint), "/") + "/v1/" + w.ID + ":decrypt"
	var answer struct {
		Plaintext []byte `json:"plaintext"`
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	err = post(ctx, k.http, url, header, map[string]any{"ciphertext": sealed}, &answer)
	if errors.Is(classOf(err), ErrRejected) {
		k.login.forget()
	}
	return answer.Plaintext, err
}

// newLogin uses the key of a service account or, with Ambient, the identity that
// Google's library finds. Tokens are kept until they expire.
func (k *gcpKMS) newLogin(ctx context.Context) (oauth2.TokenSource, error) {
	// The source outlives the request that creates it.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, k.http)
	if k.cfg.Ambient {
		found, err := google.FindDefaultCredentials(ctx, gcpScope)
		if err != nil {
			return nil, unavailable("no workload identity found")
		}
		return found.TokenSource, nil
	}
	content, err := conffile.Read(k.cfg.CredentialsFile, conffile.MaxCredentialBytes)
	if err != nil {
		return nil, unavailable("credentials_file: " + err.Error())
	}
	account, err := google.JWTConfigFromJSON(content, gcpScope)
	if err != nil {
		return nil, unavailable("credentials_file is not the JSON key of a service account")
	}
	return account.TokenSource(ctx), nil
}

func (k *gcpKMS) token(ctx context.Context) (string, error) {
	source, err := k.login.get(ctx)
	if err != nil {
		return "", err
	}
	token, err := source.Token()
	if err == nil {
		return token.AccessToken, nil
	}
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response != nil {
		k.login.forget()
		return "", ofLogin(answer.Response.StatusCode)
	}
	return "", unavailable("login: " + networkDetail(err))
}

// ofLogin returns the failure for the response of a token server, for which a status 400
// is also about the credentials.
func ofLogin(status int) error {
	if status == http.StatusBadRequest {
		return rejected("login: HTTP status 400")
	}
	return ofStatus("login: ", status)
}
