// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFIFOInPlaceOfAFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for setting, change := range map[string]func(*Settings){
		"token_file":                   func(s *Settings) { s.Token, s.TokenFile = "", fifo },
		"ca_cert":                      func(s *Settings) { s.CACert = fifo },
		"client_cert":                  func(s *Settings) { s.ClientCert, s.ClientKey = fifo, fifo },
		"login.approle.secret_id_file": func(s *Settings) { s.Token, s.Login = "", &AppRole{RoleID: "r", SecretIDFile: fifo} },
		"login.jwt.token_file":         func(s *Settings) { s.Token, s.Login = "", &JWT{Role: "r", TokenFile: fifo} },
		"login.kubernetes.token_file":  func(s *Settings) { s.Token, s.Login = "", &Kubernetes{Role: "r", TokenFile: fifo} },
	} {
		settings := Settings{Address: "https://vault.example.com:8200", Token: "hvs.x"}
		change(&settings)
		if problems := settings.Problems(); len(problems) > 0 {
			t.Errorf("%s: without reading files: %v", setting, problems)
		}
		err := settings.Check().Err()
		if err == nil || !strings.Contains(err.Error(), setting+": read "+fifo+": not a regular file") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
