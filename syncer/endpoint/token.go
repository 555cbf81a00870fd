// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

// OnlyToken answers requests with the token in a file, as bearer, and refuses others. The
// file is read again when it has changed; one that cannot be used leaves the token as it is,
// and to gets a warning once for each such change. Serve it with TLS only.
func OnlyToken(file string, next http.Handler, to *slog.Logger) (http.Handler, error) {
	read := func() ([sha256.Size]byte, error) { return tokenSum(file) }
	wanted, err := conffile.NewReloaded(read, noted(to, "token", "write a token of 16 bytes or more; the next request reads it again", file), file)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got, want := sha256.Sum256([]byte(token)), wanted.Get()
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !bearer {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "authentication failed", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}

// CheckToken reports whether the file has a token for OnlyToken.
func CheckToken(file string) error {
	_, err := tokenSum(file)
	return err
}

// tokenSum is the hash of the token in a file: sums have one length, so a comparison in
// constant time does not disclose that of the token.
func tokenSum(file string) (sum [sha256.Size]byte, err error) {
	token, err := conffile.Secret(file)
	if err == nil {
		if _, err = conffile.CheckToken(token); err != nil {
			err = fmt.Errorf("read %s: %w", conffile.Display(file), err)
		}
	}
	return sha256.Sum256([]byte(token)), err
}
