// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

const (
	requestTimeout = 10 * time.Second
	maxAnswerBytes = 16 << 20
)

// server is the API server of Kubernetes, and how to log in.
type server struct {
	// address has no slash at its end.
	address string
	trust   httpclient.Settings
	// token is replaced by the content of tokenFile, if that is set, at each request:
	// Kubernetes replaces the token of a service account every hour.
	token, tokenFile string
}

// open reads how to connect to Kubernetes. It sends no request.
func (c Config) open() (*leases, error) {
	s, err := c.server()
	var client *http.Client
	if err == nil {
		client, err = s.client()
	}
	if err != nil {
		origin := "election.kubeconfig"
		if c.Kubeconfig == "" {
			origin = "join the election: read the pod's service account"
		}
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	collection := s.address + "/apis/coordination.k8s.io/v1/namespaces/" + c.Namespace + "/leases"
	return &leases{server: s, client: client, collection: collection, namespace: c.Namespace}, nil
}

func (c Config) server() (server, error) {
	if c.Kubeconfig == "" {
		return podServer(os.Getenv, serviceAccount)
	}
	return readKubeconfig(c.Kubeconfig)
}

// serviceAccount is the folder of a pod's token and of the authorities of its API server.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// podServer is the API server of the pod that this program runs in.
func podServer(environment func(string) string, folder string) (server, error) {
	host, port := environment("KUBERNETES_SERVICE_HOST"), environment("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return server{}, errors.New("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside of Kubernetes, set election.kubeconfig")
	}
	return server{
		address:   "https://" + net.JoinHostPort(host, port),
		trust:     httpclient.Settings{CACert: filepath.Join(folder, "ca.crt")},
		tokenFile: filepath.Join(folder, "token"),
	}, nil
}

// client makes the client, and checks the files and the address.
func (s server) client() (*http.Client, error) {
	address, err := httpclient.ParseAddress(s.address)
	if err == nil {
		err = httpclient.RequireTLS(address)
	}
	if err != nil {
		return nil, fmt.Errorf("the address of the API server %w", err)
	}
	if _, err := s.credential(); err != nil {
		return nil, err
	}
	trust := s.trust
	trust.UserAgent, trust.Timeout, trust.MaxResponseBytes = "relay-sync", requestTimeout, maxAnswerBytes
	client, err := httpclient.New(trust)
	if invalid, is := errors.AsType[*problem.Error](err); is {
		return nil, causes(invalid.Problems)
	}
	return client, err
}

// causes are the problems of the files, without the names that other configurations have for them.
func causes(problems problem.List) error {
	var all []error
	for _, p := range problems {
		if p.Cause != nil {
			all = append(all, p.Cause)
		} else {
			all = append(all, p)
		}
	}
	return errors.Join(all...)
}

// credential is the token of the next request; empty for a client certificate.
func (s server) credential() (string, error) {
	if s.tokenFile != "" {
		return conffile.Token(s.tokenFile)
	}
	if s.token == "" {
		return "", nil
	}
	token, err := conffile.CheckToken(s.token)
	if err != nil {
		return "", fmt.Errorf("the token %w", err)
	}
	return token, nil
}

// withScheme is the address of a kubeconfig, which may leave out http:// as for kubectl.
func withScheme(address string) string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	return strings.TrimSuffix(address, "/")
}
