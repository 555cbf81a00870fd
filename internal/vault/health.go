// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Health is the state of a Vault server (Vault API, sys/health).
type Health struct {
	Version     string `json:"version"`
	Sealed      bool   `json:"sealed"`
	Initialized bool   `json:"initialized"`
	Standby     bool   `json:"standby"`
	// Time is Vault's clock at the answer, in whole seconds; zero if it is unknown.
	Time time.Time `json:"-"`
}

// Health asks for the state of the server that answers. It needs no token, and the answer is
// that of a sealed Vault, too.
func (c *Clients) Health(ctx context.Context) (Health, error) {
	const op, path = "request the state of Vault at", "sys/health"
	client := c.WithToken("", "")
	var health Health
	err := client.call(ctx, op, path, func(ctx context.Context) error {
		header, err := client.get(ctx, "", path, map[string][]string{
			"standbyok": {"true"}, "perfstandbyok": {"true"}, "drsecondarycode": {"200"}, "sealedcode": {"200"}, "uninitcode": {"200"},
		}, &health)
		if err == nil {
			health.Time, _ = http.ParseTime(header.Get("Date")) // zero if the answer has none
		}
		return err
	})
	if err == nil && health.Version == "" {
		err = &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	return health, err
}
