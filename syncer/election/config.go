// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"fmt"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
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

// Problems lists what is wrong, by key.
func (c Config) Problems() map[string]string {
	out := map[string]string{}
	if len(validation.IsDNS1123Subdomain(c.Lease)) > 0 {
		out["lease"] = "election.lease must be a valid Kubernetes name, such as relay-sync"
	}
	if len(validation.IsDNS1123Label(c.Namespace)) > 0 {
		out["namespace"] = "election.namespace must be a valid Kubernetes namespace, such as relay-sync"
	}
	return out
}

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
			return nil, fmt.Errorf("join the election: read the pod's service account: %w; outside of Kubernetes set election.kubeconfig", err)
		}
		return cfg, nil
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil { // the error may quote the file, which holds credentials
		return nil, fmt.Errorf("join the election: read %s: not found, or not a kubeconfig with a current context", c.Kubeconfig)
	}
	return cfg, nil
}
