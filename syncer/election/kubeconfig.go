// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// kubeconfig is what this package uses of such a file.
type kubeconfig struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster cluster
	}
	Users []struct {
		Name string
		User user
	}
}

type cluster struct {
	Server     string
	CACert     string `yaml:"certificate-authority"`
	CACertData string `yaml:"certificate-authority-data"`
	ServerName string `yaml:"tls-server-name"`
	Proxy      string `yaml:"proxy-url"`
	Insecure   bool   `yaml:"insecure-skip-tls-verify"`
}

type user struct {
	Token          string
	TokenFile      string `yaml:"tokenFile"`
	ClientCert     string `yaml:"client-certificate"`
	ClientCertData string `yaml:"client-certificate-data"`
	ClientKey      string `yaml:"client-key"`
	ClientKeyData  string `yaml:"client-key-data"`
	Username       string
	As             string
	Exec           map[string]any
	AuthProvider   map[string]any `yaml:"auth-provider"`
}

// readKubeconfig returns the server of the current context. No error quotes the file, which
// has credentials.
func readKubeconfig(path string) (server, error) {
	data, err := conffile.Read(path, conffile.MaxPEMBytes)
	if err != nil {
		return server{}, err
	}
	file, err := parseKubeconfig(data, filepath.Dir(path))
	if err != nil {
		return server{}, fmt.Errorf("%s %w", conffile.Display(path), err)
	}
	return file, nil
}

var errNoContext = errors.New("is not a kubeconfig with a current context")

func parseKubeconfig(data []byte, folder string) (server, error) {
	var file kubeconfig
	if yaml.Unmarshal(data, &file) != nil {
		return server{}, errNoContext
	}
	cluster, user, found := file.current()
	if !found {
		return server{}, errNoContext
	}
	if key := unsupported(cluster, user); key != "" {
		return server{}, fmt.Errorf("has the unsupported key %s: use a token, a token file or a client certificate, and a certificate authority", key)
	}
	absolute := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(folder, path)
	}
	var invalid error
	decoded := func(key, data string) string {
		text, err := base64.StdEncoding.DecodeString(data)
		if err != nil { // err quotes the data
			invalid = fmt.Errorf("has invalid base64 in %s", key)
		}
		return string(text)
	}
	out := server{
		address: withScheme(cluster.Server), token: user.Token, tokenFile: absolute(user.TokenFile),
		trust: httpclient.Settings{
			ServerName: cluster.ServerName, Proxy: cluster.Proxy,
			CACertPEM: decoded("certificate-authority-data", cluster.CACertData), ClientCertPEM: decoded("client-certificate-data", user.ClientCertData),
			ClientKeyPEM: decoded("client-key-data", user.ClientKeyData),
		},
	}
	// The text takes precedence over the file, as for kubectl.
	if out.trust.CACertPEM == "" {
		out.trust.CACert = absolute(cluster.CACert)
	}
	if out.trust.ClientCertPEM == "" {
		out.trust.ClientCert = absolute(user.ClientCert)
	}
	if out.trust.ClientKeyPEM == "" {
		out.trust.ClientKey = absolute(user.ClientKey)
	}
	return out, invalid
}

// current returns the cluster and the user of the current context.
func (k kubeconfig) current() (c cluster, u user, found bool) {
	for _, context := range k.Contexts {
		if context.Name != k.Current || k.Current == "" {
			continue
		}
		clusters, users := 0, 0
		for _, named := range k.Clusters {
			if named.Name == context.Context.Cluster {
				c, clusters = named.Cluster, clusters+1
			}
		}
		for _, named := range k.Users {
			if named.Name == context.Context.User {
				u, users = named.User, users+1
			}
		}
		return c, u, clusters == 1 && users == 1
	}
	return c, u, false
}

// unsupported is a key that would start a program, act for another user, or trust every server.
func unsupported(c cluster, u user) string {
	switch {
	case c.Insecure:
		return "insecure-skip-tls-verify"
	case len(u.Exec) > 0:
		return "exec"
	case len(u.AuthProvider) > 0:
		return "auth-provider"
	case u.Username != "":
		return "username"
	case u.As != "":
		return "as"
	}
	return ""
}
