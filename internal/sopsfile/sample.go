// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Placeholder is the value of each secret in a new manifest. Decrypt refuses it.
const Placeholder = "replace this value with sops edit"

// Sample is the plain text of a manifest with the named secrets of a workflow, for sops to
// encrypt. The sample of sops itself has numbers, lists and no address.
func Sample(workflow string, names []string) ([]byte, error) {
	if err := secrets.CheckName("workflow", workflow); err != nil {
		return nil, err
	}
	inner := &yaml.Node{Kind: yaml.MappingNode}
	seen := map[string]bool{}
	for _, name := range names {
		if err := secrets.CheckName("secret", name); err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("%w: duplicate secret %q", secrets.ErrInvalid, name)
		}
		seen[name] = true
		inner.Content = append(inner.Content, yamlText(name, 0), yamlText(Placeholder, yaml.DoubleQuotedStyle))
	}
	outer := yamlMapping(workflow, inner)
	outer.Content[0].HeadComment = "# Names are not encrypted. Each value must be a string: put numbers in quotes."
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(yamlMapping(workflowsKey, outer)); err != nil {
		return nil, fmt.Errorf("write a manifest: %w", err)
	}
	return out.Bytes(), encoder.Close()
}

func yamlMapping(key string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{yamlText(key, 0), value}}
}

// yamlText is a string; the encoder puts one that looks like a number or boolean in
// quotes.
func yamlText(text string, style yaml.Style) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: style}
}
