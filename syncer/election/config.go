// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Config is the Lease of an election.
type Config struct {
	// Lease is the name of the Lease, the same for all replicas of a controller.
	// Required.
	Lease string `yaml:"lease"`
	// Namespace is the Kubernetes namespace of the Lease. Required.
	Namespace string `yaml:"namespace"`
	// Kubeconfig is a kubeconfig file, of which the current context is used; the pod's
	// service account if unset.
	Kubeconfig string `yaml:"kubeconfig"`
}

// Problems returns what is wrong with the configuration. It reads no file.
func (c Config) Problems() (out problem.List) {
	out.AddIf(len(validation.IsDNS1123Subdomain(c.Lease)) > 0, "lease", "must be a valid name of a Kubernetes object, such as relay-sync")
	out.AddIf(len(validation.IsDNS1123Label(c.Namespace)) > 0, "namespace", "must be a valid name of a Kubernetes namespace, such as relay-sync")
	return out
}

// Warnings returns one warning if every user of the machine can read the kubeconfig.
func (c Config) Warnings() []string { return conffile.Warnings(c.Kubeconfig) }

// restConfig reads how to connect to Kubernetes. It sends no request.
func (c Config) restConfig() (*rest.Config, error) {
	cfg, err := c.readRESTConfig()
	if err == nil && cfg.Proxy == nil { // the kubeconfig has no proxy-url
		cfg.Proxy = noProxy // nil would use the environment's proxy
	}
	return cfg, err
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func (c Config) readRESTConfig() (*rest.Config, error) {
	if c.Kubeconfig == "" {
		cfg, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("join the election: read the pod's service account: %w; outside of Kubernetes, set election.kubeconfig", err)
		}
		return cfg, nil
	}
	// clientcmd opens the file by itself, and would wait at a FIFO.
	if _, err := conffile.Read(c.Kubeconfig, conffile.MaxPEMBytes); err != nil {
		return nil, fmt.Errorf("election.kubeconfig: %w", err)
	}
	invalid := fmt.Errorf("election.kubeconfig: %s is not a kubeconfig with a current context", conffile.Display(c.Kubeconfig))
	content, err := (&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.Kubeconfig}).Load()
	if err != nil { // err can quote the file, which contains credentials
		return nil, invalid
	}
	if err := checkFiles(content); err != nil {
		return nil, err
	}
	cfg, err := clientcmd.NewDefaultClientConfig(*content, nil).ClientConfig()
	if err != nil {
		return nil, invalid
	}
	server, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, invalid
	}
	if err := httpclient.RequireTLS(server); err != nil {
		return nil, fmt.Errorf("election.kubeconfig: the server of %s %w", conffile.Display(c.Kubeconfig), err)
	}
	return cfg, nil
}

// checkFiles reads the files that a kubeconfig names. client-go opens them by itself, and
// would wait at a FIFO.
func checkFiles(cfg *api.Config) error {
	var paths []string
	for _, cluster := range cfg.Clusters {
		paths = append(paths, cluster.CertificateAuthority)
	}
	for _, user := range cfg.AuthInfos {
		paths = append(paths, user.ClientCertificate, user.ClientKey, user.TokenFile)
	}
	var errs []error
	for _, path := range paths {
		if path == "" {
			continue
		}
		if _, err := conffile.Read(path, conffile.MaxPEMBytes); err != nil {
			errs = append(errs, fmt.Errorf("election.kubeconfig: %w", err))
		}
	}
	return errors.Join(errs...)
}
