// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	"github.com/external-secrets/external-secrets/pkg/controllers/templating"
	"github.com/external-secrets/external-secrets/pkg/provider/vault"
	"github.com/external-secrets/external-secrets/pkg/template"
	"github.com/external-secrets/external-secrets/pkg/utils"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "external-secrets: "+err.Error())
		os.Exit(1)
	}
}

// manifests are the objects of the input.
type manifests struct {
	store    esv1.SecretStore
	external []esv1.ExternalSecret
	secrets  []client.Object
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	input, err := parse(in)
	if err != nil {
		return err
	}
	cluster := fake.NewClientBuilder().WithObjects(input.secrets...).Build()
	provider := &vault.Provider{NewVaultClient: vault.NewVaultClient}
	reader, err := provider.NewClient(ctx, &input.store, cluster, input.store.Namespace)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	result := map[string]map[string][]byte{}
	for i := range input.external {
		if result[input.external[i].Name], err = secret(ctx, reader, cluster, &input.external[i]); err != nil {
			return fmt.Errorf("%s: %w", input.external[i].Name, err)
		}
	}
	return json.NewEncoder(out).Encode(result)
}

func parse(in io.Reader) (manifests, error) {
	var found manifests
	decoder := yaml.NewYAMLOrJSONDecoder(in, 4096)
	for {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return found, err
		}
		var header struct{ Kind string }
		if err := json.Unmarshal(document, &header); err != nil {
			return found, err
		}
		var err error
		switch header.Kind {
		case "SecretStore":
			err = strict(document, &found.store)
		case "ExternalSecret":
			var external esv1.ExternalSecret
			err = strict(document, &external)
			found.external = append(found.external, external)
		case "Secret":
			var stored corev1.Secret
			err = strict(document, &stored)
			found.secrets = append(found.secrets, &stored)
		default:
			err = fmt.Errorf("unsupported kind %q", header.Kind)
		}
		if err != nil {
			return found, err
		}
	}
}

// strict refuses unknown fields, as the API server of Kubernetes can.
func strict(document []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}

// secret is the data of the Secret of an ExternalSecret, in the order of External Secrets'
// controller.
func secret(ctx context.Context, reader esv1.SecretsClient, cluster client.Client, external *esv1.ExternalSecret) (map[string][]byte, error) {
	values := map[string][]byte{}
	for _, from := range external.Spec.DataFrom {
		found, err := reader.GetAllSecrets(ctx, *from.Find)
		if err != nil {
			return nil, err
		}
		if found, err = utils.RewriteMap(from.Rewrite, found); err != nil {
			return nil, err
		}
		if err := utils.ValidateKeys(logr.Discard(), found); err != nil {
			return nil, err
		}
		maps.Copy(values, found)
	}
	for _, data := range external.Spec.Data {
		value, err := reader.GetSecret(ctx, data.RemoteRef)
		if err != nil {
			return nil, err
		}
		values[data.SecretKey] = value
	}
	if external.Spec.Target.Template == nil {
		return values, nil
	}
	return rendered(ctx, cluster, external, values)
}

// rendered is the data that the template of an ExternalSecret makes of the values.
func rendered(ctx context.Context, cluster client.Client, external *esv1.ExternalSecret, values map[string][]byte) (map[string][]byte, error) {
	target := &corev1.Secret{Data: map[string][]byte{}}
	execute, err := template.EngineForVersion(external.Spec.Target.Template.EngineVersion)
	if err != nil {
		return nil, err
	}
	parser := templating.Parser{Client: cluster, TargetSecret: target, DataMap: values, Exec: execute}
	if err := parser.MergeTemplateFrom(ctx, external.Namespace, external.Spec.Target.Template); err != nil {
		return nil, err
	}
	if err := parser.MergeMap(external.Spec.Target.Template.Data, esv1.TemplateTargetData); err != nil {
		return nil, err
	}
	return target.Data, nil
}
