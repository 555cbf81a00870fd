// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzCredential: a credential file is refused without quoting it, or its content fits where it is
// sent: one line, and for a token the header of a request.
func FuzzCredential(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts(canary+"\n", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_"+canary, canary+"\r\n"+canary, "\ufeff"+canary, canary+"\x00",
		"-----BEGIN CERTIFICATE-----\n"+canary+"\n-----END CERTIFICATE-----\n")...)
	path := filepath.Join(f.TempDir(), "credential")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, read := range readers {
			if err := read(path); err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s quotes the file: %v", name, err)
			}
		}
		if token, err := conffile.Token(path); err == nil && (!httpguts.ValidHeaderFieldValue(token) || token != http.Header{"A": {token}}.Get("A") || token == "") {
			t.Errorf("the token %q does not fit into a header", token)
		}
		if line, err := conffile.Line(path); err == nil && (line == "" || strings.ContainsAny(line, "\r\n\x00\x1b") || !strings.Contains(text, line)) {
			t.Errorf("%q has the line %q", text, line)
		}
		if keys, err := conffile.SymmetricKeys(path); err == nil && len(keys) != strings.Count(strings.TrimSuffix(text, "\n"), "\n")+1 {
			t.Errorf("%q has %d keys", text, len(keys))
		}
	})
}
