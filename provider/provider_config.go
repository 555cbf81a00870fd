// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// providerModel is the provider block.
type providerModel struct {
	Address   types.String `tfsdk:"address"`
	Namespace types.String `tfsdk:"namespace"`
	Mount     types.String `tfsdk:"mount"`
	Prefix    types.String `tfsdk:"prefix"`
	Domain    types.String `tfsdk:"domain"`
	Owner     types.String `tfsdk:"owner"`
	Settle    types.String `tfsdk:"settle"`

	Token            types.String `tfsdk:"token"`
	Auth             types.Object `tfsdk:"auth"`
	RequireWriteOnly types.String `tfsdk:"require_write_only"`
	Encoding         types.String `tfsdk:"encoding"`

	CACertFile            types.String `tfsdk:"ca_cert_file"`
	CACertPEM             types.String `tfsdk:"ca_cert_pem"`
	ClientCertFile        types.String `tfsdk:"client_cert_file"`
	ClientKeyFile         types.String `tfsdk:"client_key_file"`
	TLSServerName         types.String `tfsdk:"tls_server_name"`
	RedirectHosts         types.List   `tfsdk:"redirect_hosts"`
	AllowHTTP             types.Bool   `tfsdk:"allow_http"`
	Proxy                 types.String `tfsdk:"proxy"`
	Headers               types.Map    `tfsdk:"headers"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`

	sharedModel
}

// settings is the provider block with the environment and the defaults.
type settings struct {
	vault     vaultclient.Settings
	owner     secrets.Owner
	settle    time.Duration
	readGuard secrets.ReadGuard
	encoding  secrets.Encoding
	mount     string
	prefix    string
	// domain is empty if it is not set.
	domain string
	// unknownSettings names the attributes whose values are known only during the
	// apply.
	unknownSettings []string
}

// settingProblem is a problem of the provider block. Its path is that of the attribute,
// with dots.
type settingProblem struct {
	problem.Problem
	// inBlock: the value is in the block, so that validation without the environment
	// can find the problem.
	inBlock bool
}

// ofMachine reports whether another machine may not have the problem: a file or a
// variable that exists only where the apply runs.
func (p settingProblem) ofMachine() bool {
	return strings.HasSuffix(p.Path, "_file") || strings.HasSuffix(p.Path, "_env")
}

// certain reports whether the problem is independent of environment and machine.
func (p settingProblem) certain() bool { return p.inBlock && !p.ofMachine() }

// detail is the detail of a diagnostic, with the name of the attribute.
func (p settingProblem) detail() string {
	p.Path = "`" + p.Path + "`"
	return sentence(p.Error())
}

// resolve returns the settings and all their problems, including those of the files
// that they name. It does not check settings that are not known yet.
func resolve(m providerModel, env environment) (settings, []settingProblem) {
	r := newResolver(m, env)
	out := settings{
		owner:     parsed(r, "owner", parseOwner),
		settle:    parsed(r, "settle", parseSettle),
		readGuard: parsed(r, "require_write_only", parseReadGuard),
		encoding:  parsed(r, "encoding", secrets.ParseEncoding),
		mount:     parsed(r, "mount", parseMount),
		prefix:    parsed(r, "prefix", parsePrefix),
		domain:    parsed(r, "domain", parseDomain),
	}
	out.vault = r.vaultSettings(m)
	out.unknownSettings = r.unknownSettings
	return out, r.problems
}

// resolver resolves the attributes of a provider block and collects problems.
type resolver struct {
	env             environment
	origins         map[string]settingOrigin
	unknownSettings []string
	problems        []settingProblem
}

func newResolver(m providerModel, env environment) *resolver {
	r := &resolver{env: env, origins: map[string]settingOrigin{}}
	for _, s := range m.settingOrigins() {
		r.origins[s.attribute] = s
		if !isKnown(s.value) {
			r.unknownSettings = append(r.unknownSettings, s.attribute)
		}
	}
	if !isKnown(m.Auth) {
		r.unknownSettings = append(r.unknownSettings, "auth")
	}
	slices.Sort(r.unknownSettings)
	return r
}

func (r *resolver) text(attribute string) string { return r.origins[attribute].in(r.env) }

func (r *resolver) addProblem(attribute string, err error) {
	root, _, nested := strings.Cut(attribute, ".")
	if err != nil && !slices.Contains(r.unknownSettings, root) {
		found := problem.Problem{Path: attribute, Text: err.Error(), Cause: err}
		r.problems = append(r.problems, settingProblem{found, nested || r.origins[attribute].set()})
	}
}

// parsed returns a setting in its own type.
func parsed[T any](r *resolver, attribute string, parse func(string) (T, error)) T {
	out, err := parse(r.text(attribute))
	r.addProblem(attribute, err)
	return out
}

// vaultSettings returns the checked Vault settings.
func (r *resolver) vaultSettings(m providerModel) vaultclient.Settings {
	retries := parsed(r, "max_retries", parseNumber)
	to := vaultclient.Settings{
		Address:       r.text("address"),
		Namespace:     r.text("namespace"),
		ClientCert:    r.text("client_cert_file"),
		ClientKey:     r.text("client_key_file"),
		TLSServerName: r.text("tls_server_name"),
		RedirectHosts: textsOf(m.RedirectHosts),
		AllowHTTP:     m.AllowHTTP.IsUnknown() || m.AllowHTTP.ValueBool(), // checked again when it is known
		Headers:       parsed(r, "headers", parseHeaders),
		MaxRetries:    &retries,
		Concurrency:   parsed(r, "max_concurrent_requests", parsePositive),
	}
	to.CACert, to.CACertPEM = caCertificates(r.origins["ca_cert_file"], r.origins["ca_cert_pem"], r.env)
	proxy := r.proxy(to.Address)
	to.Proxy, to.NoProxy = proxy.url, proxy.except
	given, wrong := m.credentials(r.origins["token"], r.env)
	r.problems = append(r.problems, wrong...)
	to.Token, to.TokenFile, to.Login = given.token, given.tokenFile, given.login

	for _, wrong := range to.Check() {
		attribute := given.attributeOf(wrong.Path)
		switch {
		case wrong.Path == "proxy" && proxy.variable == "": // the attribute, which was checked
		case wrong.Path == "proxy":
			wrong.Path, wrong.Text = "address", "the proxy in the environment variable "+proxy.variable+" "+wrong.Text
			r.problems = append(r.problems, settingProblem{Problem: wrong})
		case attribute == "client_cert_file" && (m.ClientKeyFile.IsUnknown() || m.ClientCertFile.IsUnknown()):
		case given == credentials{} && wrong.Path == "token":
			if m.Auth.IsNull() { // otherwise the problem of auth is reported
				r.addProblem(attribute, errNoToken)
			}
		default:
			r.addProblem(attribute, errors.New(wrong.Text+r.variableHint(attribute)))
		}
	}
	return to
}

// variableHint names the environment variable of an attribute that is not set.
func (r *resolver) variableHint(attribute string) string {
	if variable := r.origins[attribute].variable; variable != "" && r.text(attribute) == "" {
		return "; set it or the environment variable " + variable
	}
	return ""
}
