// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// Config is the Lease of an election.
type Config struct {
	// Lease is the name of the Lease, the same for all replicas of a controller.
	// Required.
	Lease string `yaml:"lease"`
	// Namespace is the Kubernetes namespace of the Lease. Required.
	Namespace string `yaml:"namespace"`
	// Kubeconfig is a kubeconfig file, of which the current context is used, with a token or
	// a client certificate; the pod's service account if unset.
	Kubeconfig string `yaml:"kubeconfig"`
	// Share lets each replica follow some of the sources, and take over those of a replica
	// that ends, if it is sources. If unset, one replica follows all of them.
	Share string `yaml:"share"`
}

// ShareSources is the value of Share with which all replicas work.
const ShareSources = "sources"

// Names of Kubernetes: labels of RFC 1123, and of an object several with dots.
var (
	label     = `[a-z0-9](?:[-a-z0-9]*[a-z0-9])?`
	namespace = lazyregexp.New(`^` + label + `$`)
	object    = lazyregexp.New(`^` + label + `(?:\.` + label + `)*$`)
)

// Problems returns what is wrong with the configuration. It reads no file.
func (c Config) Problems() (out problem.List) {
	out.AddIf(len(c.Lease) > 253 || !object.MatchString(c.Lease), "lease", "must be a valid name of a Kubernetes object, such as relay-sync")
	out.AddIf(len(c.Namespace) > 63 || !namespace.MatchString(c.Namespace), "namespace", "must be a valid name of a Kubernetes namespace, such as relay-sync")
	out.AddIf(c.Share != "" && c.Share != ShareSources, "share", "must be sources, or unset")
	out.AddIf(c.Share != "" && len(c.Lease) > 63, "lease", "must have at most 63 characters with share: it becomes the value of a label")
	return out
}

// Warnings returns one warning if every user of the machine can read the kubeconfig.
func (c Config) Warnings() []string { return conffile.Warnings(c.Kubeconfig) }
