// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"

	"github.com/zitadel/oidc/v3/example/server/storage"
)

type person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// people implements storage.UserStore. The email address is the name and the subject of a person.
type people []person

// GetUserByID returns the person with this subject, or nil.
func (p people) GetUserByID(id string) *storage.User {
	i := slices.IndexFunc(p, func(one person) bool { return one.Email == id })
	if i < 0 {
		return nil
	}
	return &storage.User{ID: id, Username: id, Password: p[i].Password, Email: id, EmailVerified: true}
}

// GetUserByUsername returns the person who logs in with this name, or nil.
func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }

// ExampleClientID returns the client that the example server starts with; no test uses it.
func (p people) ExampleClientID() string { return storage.ServiceUserID }
