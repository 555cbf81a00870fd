// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// inVault returns what InVault finds, as "workflow/name" and "type/name", sorted.
func (w *connectionWorld) inVault(withConnections bool) (string, error) {
	w.t.Helper()
	targets, err := New(w.cfg, "test").InVault(context.Background(), w.cfg.Sources[0].Workflows, withConnections)
	out := make([]string, len(targets))
	for i, target := range targets {
		if out[i] = target.String(); target.Kind == workflowfile.Secret {
			out[i] = target.Name
		}
	}
	slices.Sort(out)
	return strings.Join(out, " "), err
}

func TestInVaultFindsLiveConnectionsOfTheDomain(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	w.commitWith(awsAndSlack)
	w.sync(true)
	if got, err := w.inVault(true); err != nil || got != "aws/main slack/team token" {
		t.Errorf("got %q, %v", got, err)
	}

	t.Log("a connection of Relay's development mode has its body beside the types")
	for path, value := range map[string]string{"kubernetes/dev": "_dev", "_dev/server": "https://dev", "_dev/token": "t"} {
		path = "customers/data/connections/" + w.cfg.Vault.Domain + "/" + path
		if status, _ := w.vault.Call(t, w.vault.RootToken, http.MethodPost, path, map[string]any{"data": map[string]string{"value": value}}); status != http.StatusOK {
			t.Fatalf("write %s: status %d", path, status)
		}
	}
	t.Log("a deleted connection is not live")
	w.commitWith("connections:\n  aws:\n    main: {accessKeyID: AKIA, secretAccessKey: \"base64:x\"}\n")
	w.sync(true)
	if got, err := w.inVault(true); err != nil || got != "aws/main kubernetes/dev token" {
		t.Errorf("got %q, %v", got, err)
	}
	w.proxy.AssertBlind(t)

	t.Log("a token without connections is enough for a file without connections")
	w.cfg.Vault.TokenFile = write(t, t.TempDir(), "token", w.vault.Writer(t))
	if got, err := w.inVault(false); err != nil || got != "token" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := w.inVault(true); err == nil || !strings.Contains(err.Error(), `path "customers/metadata/connections/`+w.cfg.Vault.Domain+`/" { capabilities = ["list"] }`) {
		t.Errorf("the error names no line of the policy: %v", err)
	}
}

func TestInVaultRefusesMoreWorkflowsThanAFileNeeds(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	var many []string
	for i := range maxWorkflows + 1 {
		many = append(many, fmt.Sprint("w", i))
	}
	_, err := New(w.cfg, "test").InVault(context.Background(), append(many, many...), false)
	if err == nil || !strings.Contains(err.Error(), "the files name more than 1000 workflows") || len(w.proxy.Requests()) > 0 {
		t.Errorf("got %v after %d requests", err, len(w.proxy.Requests()))
	}
}
