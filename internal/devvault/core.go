// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/cert"
	"github.com/hashicorp/vault/builtin/credential/ldap"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// newCore returns a sealed core over the storage, with the secrets engine and
// the auth methods that the project uses and no other. After the core's
// shutdown, closeFiles closes the storage.
func newCore(st storage, address string, logger hclog.Logger) (core *vault.Core, closeFiles func() error, err error) {
	plugins := builtins{
		consts.PluginTypeSecrets: {"kv": kv.Factory},
		consts.PluginTypeCredential: {
			"approle":    approle.Factory,
			"cert":       cert.Factory,
			"jwt":        jwt.Factory,
			"kubernetes": kubernetes.Factory,
			"ldap":       ldap.Factory,
			"oidc":       jwt.Factory,
			"userpass":   userpass.Factory,
		},
	}
	config := &vault.CoreConfig{
		BuiltinRegistry:    plugins,
		LogicalBackends:    plugins[consts.PluginTypeSecrets],
		CredentialBackends: plugins[consts.PluginTypeCredential],
		RedirectAddr:       address,
		DisableMlock:       true,
		Logger:             logger,
	}
	closeFiles, err = st.configure(config, logger)
	if err != nil {
		return nil, nil, err
	}
	core, err = vault.NewCore(config)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("create the core: %w", err), closeFiles())
	}
	core.SetClusterListenerAddrs([]*net.TCPAddr{{IP: net.IPv4(127, 0, 0, 1)}})
	return core, closeFiles, nil
}

// builtins lists the linked plugins by type and name. Vault's own registry links all
// plugins, and some of them do not compile outside Vault's repository.
type builtins map[consts.PluginType]map[string]logical.Factory

// Contains implements vault.BuiltinRegistry.
func (b builtins) Contains(name string, kind consts.PluginType) bool {
	_, ok := b[kind][name]
	return ok
}

// Get implements vault.BuiltinRegistry.
func (b builtins) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, ok := b[kind][name]
	return func() (any, error) { return factory, nil }, ok
}

// Keys implements vault.BuiltinRegistry.
func (b builtins) Keys(kind consts.PluginType) []string {
	names := make([]string, 0, len(b[kind]))
	for name := range b[kind] {
		names = append(names, name)
	}
	return names
}

// DeprecationStatus implements vault.BuiltinRegistry.
func (b builtins) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, b.Contains(name, kind)
}

// IsBuiltinEntPlugin implements vault.BuiltinRegistry.
func (b builtins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
