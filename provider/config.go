// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// providerModel is the provider block.
type providerModel struct {
	Address    types.String `tfsdk:"address"`
	Namespace  types.String `tfsdk:"namespace"`
	Mount      types.String `tfsdk:"mount"`
	Prefix     types.String `tfsdk:"prefix"`
	Token      types.String `tfsdk:"token"`
	Owner      types.String `tfsdk:"owner"`
	Settle     types.String `tfsdk:"settle"`
	CACert     types.String `tfsdk:"ca_cert"`
	ClientCert types.String `tfsdk:"client_cert"`
	ClientKey  types.String `tfsdk:"client_key"`
	standingModel
}

// environment is what stands in for attributes that are not set.
type environment struct {
	get func(name string) string
	// home is where Vault's own CLI leaves a token; empty for nowhere.
	home string
}

func processEnvironment() environment {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no home, no token in it
	}
	return environment{get: os.Getenv, home: home}
}

// settings is the provider block with everything behind it filled in.
type settings struct {
	connection secrets.Connection
	owner      secrets.Owner
	settle     time.Duration
	mount      string
	prefix     string
	// unknown names the attributes whose values come from other resources and
	// are not known yet.
	unknown []string
}

// problem is one thing that is wrong with the provider block.
type problem struct {
	attribute string
	text      string
	// written says that the block itself holds the wrong value, so that
	// validation without the environment can already tell.
	written bool
}

// onDisk reports whether the problem may be one of this machine: a file that
// only the machine that applies has.
func (p problem) onDisk() bool { return p.attribute == "ca_cert" || p.attribute == "client_cert" }

// source is where a setting can come from, first to last: the attribute, the
// environment, a default.
type source struct {
	attribute string
	value     types.String
	variable  string
	fallback  string
}

func (m providerModel) sources() map[string]source {
	all := []source{
		{"address", m.Address, "VAULT_ADDR", ""},
		{"namespace", m.Namespace, "VAULT_NAMESPACE", ""},
		{"mount", m.Mount, "", secrets.DefaultMount},
		{"prefix", m.Prefix, "", secrets.DefaultPrefix},
		{"token", m.Token, "VAULT_TOKEN", ""},
		{"owner", m.Owner, "RELAY_OWNER", ""},
		{"settle", m.Settle, "", secrets.DefaultSettle.String()},
		{"ca_cert", m.CACert, "VAULT_CACERT", ""},
		{"client_cert", m.ClientCert, "VAULT_CLIENT_CERT", ""},
		{"client_key", m.ClientKey, "VAULT_CLIENT_KEY", ""},
	}
	out := make(map[string]source, len(all))
	for _, s := range all {
		out[s.attribute] = s
	}
	return out
}

// set reports whether the block itself gives a value. An empty one counts as
// none, so that a variable with an empty default falls back.
func (s source) set() bool { return s.value.ValueString() != "" }

func (s source) in(env environment) string {
	switch {
	case s.value.IsUnknown():
		return ""
	case s.set():
		return s.value.ValueString()
	case s.variable != "" && env.get(s.variable) != "":
		return env.get(s.variable)
	}
	return s.fallback
}

// resolve fills in the settings and finds all that is wrong with them, including
// the files that they name. What is not known yet is not judged.
func resolve(m providerModel, env environment) (settings, []problem) {
	sources := m.sources()
	value := func(attribute string) string { return sources[attribute].in(env) }
	out := settings{
		connection: secrets.Connection{
			Address:    value("address"),
			Namespace:  value("namespace"),
			Token:      value("token"),
			CACert:     value("ca_cert"),
			ClientCert: value("client_cert"),
			ClientKey:  value("client_key"),
		},
		mount:  strings.Trim(value("mount"), "/"),
		prefix: strings.Trim(value("prefix"), "/"),
	}
	if out.connection.Token == "" {
		out.connection.TokenFile = env.tokenFile()
	}
	for attribute, s := range sources {
		if s.value.IsUnknown() {
			out.unknown = append(out.unknown, attribute)
		}
	}
	slices.Sort(out.unknown)

	var problems []problem
	report := func(attribute string, err error) {
		if err == nil || slices.Contains(out.unknown, attribute) {
			return
		}
		problems = append(problems, problem{attribute, err.Error(), sources[attribute].set()})
	}
	var err error
	out.owner, err = parseOwner(value("owner"))
	report("owner", err)
	out.settle, err = parseSettle(value("settle"))
	report("settle", err)
	report("mount", secrets.CheckPath("mount", out.mount))
	report("prefix", secrets.CheckPath("prefix", out.prefix))
	for _, wrong := range settingErrors(out.connection.Check()) {
		attribute := attributeOf(wrong.Setting)
		if attribute == "client_cert" && m.ClientKey.IsUnknown() {
			continue
		}
		if out.connection.Token == "" && out.connection.TokenFile == "" && attribute == "token" {
			report(attribute, errNoToken)
			continue
		}
		report(attribute, wrong)
	}
	return out, problems
}

// errNoToken says where this provider looks for a token.
var errNoToken = errors.New("no Vault token: set token or VAULT_TOKEN, or log in with \"vault login\"")

func parseOwner(id string) (secrets.Owner, error) {
	if id == "" {
		return secrets.Nobody, errors.New("no owner: set owner (or RELAY_OWNER) to an id of this configuration " +
			"that no other configuration in the same Vault has, such as \"shop-prod\"")
	}
	return secrets.TerraformOwner(id)
}

func parseSettle(text string) (time.Duration, error) {
	settle, err := time.ParseDuration(text)
	if err != nil || settle <= 0 || settle > time.Hour {
		return 0, fmt.Errorf("settle %q: expected a duration above zero and up to 1h, such as \"30s\"", text)
	}
	return settle, nil
}

// tokenFile is where "vault login" leaves a token, empty if there is none.
func (e environment) tokenFile() string {
	if e.home == "" {
		return ""
	}
	file := filepath.Join(e.home, ".vault-token")
	if _, err := os.Stat(file); err != nil {
		return "" // the connection says that no token is set
	}
	return file
}

// attributeOf translates a field of a connection.
func attributeOf(setting string) string {
	switch setting {
	case "Address":
		return "address"
	case "CACert":
		return "ca_cert"
	case "ClientCert":
		return "client_cert"
	}
	return "token"
}

// settingErrors takes joined errors apart.
func settingErrors(err error) []*secrets.SettingError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*secrets.SettingError
		for _, one := range joined.Unwrap() {
			out = append(out, settingErrors(one)...)
		}
		return out
	}
	if wrong, ok := errors.AsType[*secrets.SettingError](err); ok {
		return []*secrets.SettingError{wrong}
	}
	return nil
}
