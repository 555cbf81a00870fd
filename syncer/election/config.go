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

// Config names the lease.
type Config struct {
	// Lease is its name, one for all replicas of a controller. Required.
	Lease string `yaml:"lease"`
	// Namespace is where it lies. Required.
	Namespace string `yaml:"namespace"`
	// Kubeconfig is a file that says how to reach Kubernetes, in its current context;
	// the pod's service account if unset.
	Kubeconfig string `yaml:"kubeconfig"`
}

// Problems lists what is wrong, by key.
func (c Config) Problems() map[string]string {
	out := map[string]string{}
	if len(validation.IsDNS1123Subdomain(c.Lease)) > 0 {
		out["lease"] = "election.lease must be a name for the Lease as Kubernetes has them, such as relay-sync"
	}
	if len(validation.IsDNS1123Label(c.Namespace)) > 0 {
		out["namespace"] = "election.namespace must be the name of a Kubernetes namespace, such as relay-sync"
	}
	return out
}

// restConfig reads how to connect to Kubernetes. It sends nothing.
func (c Config) restConfig() (*rest.Config, error) {
	config, err := c.readRESTConfig()
	if err == nil && config.Proxy == nil { // the kubeconfig has no proxy-url
		config.Proxy = noProxy // nil would be the one of the environment
	}
	return config, err
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func (c Config) readRESTConfig() (*rest.Config, error) {
	if c.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("joining the election: reading the pod's service account: %w; outside of Kubernetes, set election.kubeconfig", err)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil { // it may quote the file, which holds credentials
		return nil, fmt.Errorf("joining the election: %s is not there, or no kubeconfig with a current context", c.Kubeconfig)
	}
	return config, nil
}
