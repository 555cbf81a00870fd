// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

	CACertFile            types.String `tfsdk:"ca_cert_file"`
	CACertPEM             types.String `tfsdk:"ca_cert_pem"`
	ClientCertFile        types.String `tfsdk:"client_cert_file"`
	ClientKeyFile         types.String `tfsdk:"client_key_file"`
	TLSServerName         types.String `tfsdk:"tls_server_name"`
	RedirectHosts         types.List   `tfsdk:"redirect_hosts"`
	Headers               types.Map    `tfsdk:"headers"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`

	sharedModel
}

// environment is what stands in for attributes that are not set.
type environment struct {
	get func(name string) string
	// home is where Vault's own CLI leaves a token; empty for nowhere.
	home string
}

// readEnvironment takes the process's environment, and takes Vault's variables
// out of it: the library for Vault's API would read them once more by itself, and
// stop at one that is wrong even where the provider block says otherwise.
func readEnvironment() environment {
	variables := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
		if strings.HasPrefix(name, "VAULT_") {
			_ = os.Unsetenv(name) // fails for no name that Environ gives
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no home, no token in it
	}
	return environment{get: func(name string) string { return variables[name] }, home: home}
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

// settings is the provider block with everything behind it filled in.
type settings struct {
	vault     vaultclient.Settings
	owner     secrets.Owner
	settle    time.Duration
	readGuard secrets.ReadGuard
	mount     string
	prefix    string
	// domain is empty where nobody sets it.
	domain string
	// unknownSettings names the attributes whose values come from other resources and
	// are not known yet.
	unknownSettings []string
}

// settingProblem is one thing that is wrong with the provider block. Its path is that
// of the attribute, with dots.
type settingProblem struct {
	problem.Problem
	// written says that the block itself holds the wrong value, so that
	// validation without the environment can already tell.
	written bool
}

// ofMachine reports whether the problem may be one of this machine: a file or a
// variable that only the machine that applies has.
func (p settingProblem) ofMachine() bool {
	return strings.HasSuffix(p.Path, "_file") || strings.HasSuffix(p.Path, "_env")
}

// forSure reports whether no environment and no machine could put it right.
func (p settingProblem) forSure() bool { return p.written && !p.ofMachine() }

// detail is the text of a diagnostic, which does not name the attribute by itself.
func (p settingProblem) detail() string {
	p.Path = "`" + p.Path + "`"
	return sentence(p.Error())
}

// resolve fills in the settings and finds all that is wrong with them, including
// the files that they name. What is not known yet is not judged.
func resolve(m providerModel, env environment) (settings, []settingProblem) {
	r := newResolver(m, env)
	out := settings{
		owner:     parsed(r, "owner", parseOwner),
		settle:    parsed(r, "settle", parseSettle),
		readGuard: parsed(r, "require_write_only", parseReadGuard),
		mount:     parsed(r, "mount", func(text string) (string, error) { return parsePath("mount", text) }),
		prefix:    parsed(r, "prefix", func(text string) (string, error) { return parsePath("prefix", text) }),
		domain:    parsed(r, "domain", parseDomain),
	}
	out.vault = r.vaultSettings(m)
	out.unknownSettings = r.unknownSettings
	return out, r.problems
}

// resolver goes through a provider block and notes what is wrong.
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

// parsed is a setting in its own type.
func parsed[T any](r *resolver, attribute string, parse func(string) (T, error)) T {
	out, err := parse(r.text(attribute))
	r.addProblem(attribute, err)
	return out
}

// backend is how to reach Vault, with everything about it checked.
func (r *resolver) vaultSettings(m providerModel) vaultclient.Settings {
	retries := parsed(r, "max_retries", parseNumber)
	to := vaultclient.Settings{
		Address:       r.text("address"),
		Namespace:     r.text("namespace"),
		ClientCert:    r.text("client_cert_file"),
		ClientKey:     r.text("client_key_file"),
		TLSServerName: r.text("tls_server_name"),
		RedirectHosts: textsOf(m.RedirectHosts),
		Headers:       parsed(r, "headers", parseHeaders),
		MaxRetries:    &retries,
		Concurrency:   parsed(r, "max_concurrent_requests", parsePositive),
	}
	to.CACert, to.CACertPEM = caCertificates(r.origins["ca_cert_file"], r.origins["ca_cert_pem"], r.env)
	proxy := r.env.proxy(to.Address)
	to.Proxy, to.NoProxy = proxy.url, proxy.except
	given, wrong := m.credentials(r.origins["token"], r.env)
	r.problems = append(r.problems, wrong...)
	to.Token, to.TokenFile, to.Login = given.token, given.tokenFile, given.login

	for _, wrong := range to.Check() {
		attribute := given.attributeOf(wrong.Path)
		switch {
		case wrong.Path == "proxy": // which has no attribute
			wrong.Path, wrong.Text = "address", "the proxy in the environment variable "+proxy.variable+" "+wrong.Text
			r.problems = append(r.problems, settingProblem{Problem: wrong})
		case attribute == "client_cert_file" && (m.ClientKeyFile.IsUnknown() || m.ClientCertFile.IsUnknown()):
		case given == credentials{} && wrong.Path == "token":
			if m.Auth.IsNull() { // else it is said already what is wrong with auth
				r.addProblem(attribute, errNoToken)
			}
		default:
			r.addProblem(attribute, errors.New(wrong.Text+r.variableHint(attribute)))
		}
	}
	return to
}

// caCertificates are the file or the text with the authorities to trust. The block
// goes before the environment, whichever of the two it has; in the environment
// the text goes first, as it does for Vault's own command line.
func caCertificates(file, text settingOrigin, env environment) (caFile, caText string) {
	caFile, caText = file.in(env), text.in(env)
	switch {
	case file.set() && text.set(): // the connection refuses it
	case file.set():
		caText = ""
	case caText != "":
		caFile = ""
	}
	return caFile, caText
}

func parseOwner(id string) (secrets.Owner, error) {
	if id == "" {
		return secrets.NoOwner, errors.New("no owner: set owner (or RELAY_OWNER) to an id of this configuration " +
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

func parsePath(what, text string) (string, error) {
	text = strings.Trim(text, "/")
	return text, secrets.CheckPath(what, text)
}

// parseDomain reads a name; empty for none.
func parseDomain(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return text, secrets.CheckName("domain", text)
}

func parseReadGuard(text string) (secrets.ReadGuard, error) {
	switch text {
	case "off":
		return secrets.IgnoreReadable, nil
	case "warn":
		return secrets.WarnIfReadable, nil
	case "error":
		return secrets.RejectIfReadable, nil
	}
	return secrets.RejectIfReadable, fmt.Errorf("require_write_only %q: expected \"warn\", \"error\" or \"off\"", text)
}

// parseHeaders reads a JSON object of texts. Its error quotes nothing: a header
// may be a credential.
func parseHeaders(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var headers map[string]string
	if json.Unmarshal([]byte(text), &headers) != nil {
		return nil, errors.New("VAULT_HEADERS is not a JSON object of texts, such as {\"X-Team\": \"shop\"}")
	}
	return headers, nil
}

// parseNumber reads a whole number; the connection knows its bounds.
func parseNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no number: expected a whole one", text)
	}
	return n, nil
}

// parsePositive is parseNumber for what must not be 0, which to a connection
// means its default.
func parsePositive(text string) (int, error) {
	n, err := parseNumber(text)
	if err == nil && n == 0 {
		return 0, errors.New("it is 0: expected at least 1")
	}
	return n, err
}

// variableHint names the environment variable of an attribute that is not set.
func (r *resolver) variableHint(attribute string) string {
	if variable := r.origins[attribute].variable; variable != "" && r.text(attribute) == "" {
		return "; set it or the environment variable " + variable
	}
	return ""
}
