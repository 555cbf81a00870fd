// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gittest

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// SignSSH signs a commit, given as git stores it, as git does with an SSH key.
func SignSSH(t testing.TB, signer ssh.Signer, commit string) string {
	t.Helper()
	hash := sha512.Sum512([]byte(commit))
	signed := ssh.Marshal(struct{ Namespace, Reserved, HashAlgorithm, Hash string }{"git", "", "sha512", string(hash[:])})
	value, err := signer.Sign(rand.Reader, append([]byte("SSHSIG"), signed...))
	if err != nil {
		t.Fatal(err)
	}
	blob := ssh.Marshal(struct {
		Version                                              uint32
		PublicKey, Namespace, Reserved, HashAlgorithm, Value string
	}{1, string(signer.PublicKey().Marshal()), "git", "", "sha512", string(ssh.Marshal(value))})
	armored := pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: append([]byte("SSHSIG"), blob...)})
	header := "gpgsig " + strings.ReplaceAll(strings.TrimSpace(string(armored)), "\n", "\n ")
	head, message, _ := strings.Cut(commit, "\n\n")
	return head + "\n" + header + "\n\n" + message
}
