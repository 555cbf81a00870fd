// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
)

// meView is what the template me shows.
type meView struct {
	person.Identity
	Method string
	Teams  []string
	// Ends is when the session ends at the latest, Idle after which time without a request.
	Ends time.Time
	Idle string
	// Own means that the page obtained the token, and revokes it at the end.
	Own bool
}

func (v *visit) me() error {
	who, err := person.Identify(v.r.Context(), v.client)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "me", "Me", meView{
		Identity: who, Method: v.login.Method, Teams: v.teams(), Ends: v.ends, Idle: describeWait(v.web.Idle), Own: v.login.Own,
	})
}
