// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// azureAPI is the version of Key Vault's interface. SOPS wraps with RSA-OAEP-256.
const (
	azureAPI       = "7.4"
	azureAlgorithm = "RSA-OAEP-256"
)

// azureVault decrypts entries with Azure Key Vault, through its REST API: with the
// library the server would select the audience of the token.
type azureVault struct {
	cfg   AzureKeyVault
	http  *http.Client
	login login[tokenSource]
}

func newAzure(cfg AzureKeyVault) (*azureVault, error) {
	client, err := newHTTPClient(cfg.CACert, false, cfg.Proxy)
	k := &azureVault{cfg: cfg, http: client}
	k.login.build = k.newLogin
	return k, err
}

func (k *azureVault) kind() Kind { return Azure }

var azureVersion = lazyregexp.New(`^[0-9a-zA-Z]{1,64}$`)

// lists accepts a key that is configured with its version, or any version of a key that
// is configured without one.
func (k *azureVault) lists(id string) bool {
	if !azureKey.MatchString(id) {
		return false
	}
	key, version := cutLast(id)
	return slices.Contains(k.cfg.Keys, id) || azureVersion.MatchString(version) && slices.Contains(k.cfg.Keys, key)
}

func cutLast(id string) (before, last string) {
	i := strings.LastIndexByte(id, '/')
	return id[:max(i, 0)], id[i+1:]
}

func (k *azureVault) available() []string {
	var out []string
	for _, key := range k.cfg.Keys {
		out = append(out, recipient(Azure, key))
	}
	return out
}

func (k *azureVault) unwrap(ctx context.Context, w Wrapped) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(string(w.Text))
	if err != nil {
		return nil, damaged("invalid base64 (URL encoding)")
	}
	token, err := k.token(ctx)
	if err != nil {
		return nil, err
	}
	key, err := url.Parse(w.ID)
	if err != nil {
		return nil, rejected("invalid URL")
	}
	server := cmp.Or(strings.TrimSuffix(k.cfg.Endpoint, "/"), "https://"+key.Host)
	var answer struct {
		Value string `json:"value"`
	}
	// https://learn.microsoft.com/rest/api/keyvault/keys/decrypt/decrypt
	err = post(ctx, k.http, server+key.Path+"/decrypt?api-version="+azureAPI, http.Header{"Authorization": {"Bearer " + token}},
		map[string]any{"alg": azureAlgorithm, "value": base64.RawURLEncoding.EncodeToString(sealed)}, &answer)
	if errors.Is(classOf(err), ErrRejected) {
		k.login.forget()
	}
	if err != nil {
		return nil, err
	}
	opened, err := base64.RawURLEncoding.DecodeString(answer.Value)
	if err != nil {
		return nil, unavailable("invalid response")
	}
	return opened, nil
}

// newLogin uses the configured application or, with Ambient, the identity of the
// workload. For the application it does not use Azure's library, with which the
// environment can change the host that gets the secret.
func (k *azureVault) newLogin(ctx context.Context) (tokenSource, error) {
	if k.cfg.Ambient {
		return k.ambient()
	}
	secret, err := conffile.Line(k.cfg.ClientSecretFile)
	if err != nil {
		return nil, unavailable("client_secret_file: " + err.Error())
	}
	// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
	application := clientcredentials.Config{
		ClientID: k.cfg.ClientID, ClientSecret: secret, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: strings.TrimSuffix(k.authority(), "/") + "/" + k.cfg.TenantID + "/oauth2/v2.0/token",
		Scopes:   []string{azureAudience(k.cfg.Keys[0]) + "/.default"},
	}
	// The source outlives the request that creates it.
	source := application.TokenSource(context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, k.http))
	return func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", err
		}
		return token.AccessToken, nil
	}, nil
}

// tokenSource returns a token, the same one until it expires.
type tokenSource func(context.Context) (string, error)

// ambient finds a workload identity, or otherwise a managed identity.
func (k *azureVault) ambient() (tokenSource, error) {
	options := policy.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: k.authority()},
		Transport: k.http,
	}
	// Checking whether a configured authority exists would call the public cloud from a
	// private one.
	private := k.cfg.Authority != ""
	var found []azcore.TokenCredential
	workload, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: options, ClientID: k.cfg.ClientID, DisableInstanceDiscovery: private,
	})
	if err == nil { // otherwise the environment has none
		found = append(found, workload)
	}
	managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if k.cfg.ClientID != "" {
		managed.ID = azidentity.ClientID(k.cfg.ClientID)
	}
	if identity, err := azidentity.NewManagedIdentityCredential(managed); err == nil {
		found = append(found, identity)
	}
	chain, err := azidentity.NewChainedTokenCredential(found, nil)
	if err != nil {
		return nil, unavailable("no workload identity found")
	}
	return func(ctx context.Context) (string, error) {
		token, err := chain.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{azureAudience(k.cfg.Keys[0]) + "/.default"}})
		return token.Token, err
	}, nil
}

func (k *azureVault) token(ctx context.Context) (string, error) {
	source, err := k.login.get(ctx)
	if err != nil {
		return "", err
	}
	token, err := source(ctx)
	if err == nil {
		return token, nil
	}
	status := 0
	if answer, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && answer.RawResponse != nil {
		status = answer.RawResponse.StatusCode
	}
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response != nil {
		status = answer.Response.StatusCode
	}
	if status == 0 {
		return "", unavailable("login: " + networkDetail(err))
	}
	k.login.forget()
	return "", ofLogin(status)
}

// azureAudience is the audience of a token for a key: its server without the name of the
// vault, https://vault.azure.net.
func azureAudience(key string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(key, "https://"), "/")
	_, domain, _ := strings.Cut(host, ".")
	return "https://" + strings.ToLower(domain)
}

// authority is the URL of the login server for the cloud of the keys.
func (k *azureVault) authority() string {
	switch audience := azureAudience(k.cfg.Keys[0]); {
	case k.cfg.Authority != "":
		return k.cfg.Authority
	case strings.HasSuffix(audience, ".azure.cn"):
		return cloud.AzureChina.ActiveDirectoryAuthorityHost
	case strings.HasSuffix(audience, ".usgovcloudapi.net"):
		return cloud.AzureGovernment.ActiveDirectoryAuthorityHost
	}
	return cloud.AzurePublic.ActiveDirectoryAuthorityHost
}
