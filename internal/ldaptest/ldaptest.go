// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package ldaptest

import (
	"testing"
	"time"

	"github.com/jimlambrt/gldap"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/porttest"
)

// Base is the folder of the people: a person binds as cn=NAME,Base.
const Base = "ou=people,dc=example,dc=com"

// Start starts a server for this test on a loopback address, and returns its URL. passwords has the
// password of each person.
func Start(t testing.TB, passwords map[string]string) (url string) {
	t.Helper()
	server, err := gldap.NewServer()
	if err != nil {
		t.Fatalf("create the LDAP server: %v", err)
	}
	mux, err := gldap.NewMux()
	if err != nil {
		t.Fatalf("create the LDAP server: %v", err)
	}
	if err := mux.Bind(func(w *gldap.ResponseWriter, r *gldap.Request) { bind(w, r, passwords) }); err != nil {
		t.Fatalf("create the LDAP server: %v", err)
	}
	if err := server.Router(mux); err != nil {
		t.Fatalf("create the LDAP server: %v", err)
	}
	address := porttest.Address(t)
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(address) }()
	t.Cleanup(func() {
		_ = server.Stop()
		if err := <-stopped; err != nil {
			t.Errorf("the LDAP server: %v", err)
		}
	})
	if !await.Until(time.Minute, server.Ready) {
		t.Fatal("the LDAP server: not ready after a minute")
	}
	return "ldap://" + address
}

func bind(w *gldap.ResponseWriter, r *gldap.Request, passwords map[string]string) {
	response := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetSimpleBindMessage()
	if err != nil {
		return
	}
	for name, password := range passwords {
		if message.UserName == "cn="+name+","+Base && string(message.Password) == password {
			response.SetResultCode(gldap.ResultSuccess)
		}
	}
}
