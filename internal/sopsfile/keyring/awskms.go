// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyring

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// awsKMS decrypts entries with AWS KMS. Its clients are built from the configuration,
// because the SDK also reads an endpoint, a region and a proxy from the environment.
type awsKMS struct {
	cfg     AWSKMS
	http    *http.Client
	ambient login[aws.CredentialsProvider]
}

func newAWS(cfg AWSKMS) (*awsKMS, error) {
	client, err := newHTTPClient(cfg.CACert, false, cfg.Proxy)
	k := &awsKMS{cfg: cfg, http: client}
	k.ambient.build = k.findIdentity
	return k, err
}

func (k *awsKMS) kind() Kind           { return AWS }
func (k *awsKMS) lists(id string) bool { return slices.Contains(k.cfg.Keys, id) }

func (k *awsKMS) available() []string {
	var out []string
	for _, key := range k.cfg.Keys {
		out = append(out, recipient(AWS, key))
	}
	return out
}

func (k *awsKMS) unwrap(ctx context.Context, w Wrapped) ([]byte, error) {
	if !maps.Equal(w.Context, k.cfg.Context) {
		return nil, rejected("the encryption context is not that of keys.aws_kms.context")
	}
	sealed, err := base64.StdEncoding.DecodeString(string(w.Text))
	if err != nil {
		return nil, damaged("invalid base64")
	}
	credentials, err := k.credentials(ctx)
	if err != nil {
		return nil, err
	}
	options := kms.Options{
		Region: awsKey.FindStringSubmatch(w.ID)[1], Credentials: credentials, HTTPClient: k.http,
	}
	if k.cfg.Endpoint != "" {
		options.BaseEndpoint = aws.String(strings.TrimSuffix(k.cfg.Endpoint, "/"))
	}
	opened, err := kms.New(options).Decrypt(ctx, &kms.DecryptInput{
		KeyId: aws.String(w.ID), CiphertextBlob: sealed, EncryptionContext: k.cfg.Context,
	})
	if err != nil {
		return nil, k.failed(err)
	}
	return opened.Plaintext, nil
}

func (k *awsKMS) credentials(ctx context.Context) (aws.CredentialsProvider, error) {
	if k.cfg.Ambient {
		return k.ambient.get(ctx)
	}
	if _, err := conffile.Read(k.cfg.CredentialsFile, conffile.MaxCredentialBytes); err != nil {
		return nil, unavailable("credentials_file: " + err.Error())
	}
	// The profile can contain commands and roles; only its access key is used.
	profile, err := config.LoadSharedConfigProfile(ctx, "default", func(o *config.LoadSharedConfigOptions) {
		o.CredentialsFiles, o.ConfigFiles = []string{k.cfg.CredentialsFile}, []string{}
	})
	if err != nil || !profile.Credentials.HasKeys() {
		return nil, unavailable("credentials_file: no access key found in the profile default")
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return profile.Credentials, nil }), nil
}

// findIdentity searches the locations of AWS for the identity of a workload.
func (k *awsKMS) findIdentity(ctx context.Context) (aws.CredentialsProvider, error) {
	if os.Getenv("AWS_CA_BUNDLE") != "" { // with it, the SDK accepts no HTTP client but its own
		return nil, unavailable("ambient: AWS_CA_BUNDLE is set in the environment; set ca_cert, and unset the variable")
	}
	// Otherwise the SDK asks a container's service through the proxy of the environment.
	container := func(o *endpointcreds.Options) { o.HTTPClient = k.http }
	found, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(k.http), config.WithEndpointCredentialOptions(container),
		config.WithRegion(awsKey.FindStringSubmatch(k.cfg.Keys[0])[1]),
		config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}))
	if err != nil {
		return nil, unavailable("no workload identity found")
	}
	return found.Credentials, nil
}

// failed returns the failure for an error by its code: most have the status 400.
func (k *awsKMS) failed(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		detail := showCode(api.ErrorCode())
		switch api.ErrorCode() {
		case "InvalidCiphertextException", "IncorrectKeyException":
			return damaged(detail)
		case "ThrottlingException", "LimitExceededException", "KMSInternalException", "DependencyTimeoutException",
			"KeyUnavailableException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure":
			return unavailable(detail)
		}
		if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && answer.HTTPStatusCode() >= 500 {
			return unavailable(detail)
		}
		k.ambient.forget()
		return rejected(detail)
	}
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && answer.HTTPStatusCode() != 0 {
		return ofStatus("", answer.HTTPStatusCode())
	}
	return unavailable(networkDetail(err))
}
