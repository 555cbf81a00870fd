// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/yaml"
	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Records in Vault hold these: another result makes every secret of every user look
// changed once.
func TestFingerprintsAreStable(t *testing.T) {
	t.Parallel()
	encoded := "0000000000000003" + "0000000000000001" + hex.EncodeToString([]byte("a")) +
		"0000000000000000" + "0000000000000002" + hex.EncodeToString([]byte("é"))
	if got := hex.EncodeToString(secrets.LengthPrefixed("a", "", "é")); got != encoded {
		t.Errorf("encode gives %s, want %s", got, encoded)
	}
	const sealed = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]"
	if got, want := sops1(secretLocation("deploy", "token", "").path(), sealed), "sgzzXs2SFfU2Ry9CymQVHw"; got != want {
		t.Errorf("sops1 is %s, want %s", got, want)
	}
	if got, want := key1(bytes.Repeat([]byte{7}, dataKeyBytes)), "4X3EVdY2Evq7Cpza5B9rgw"; got != want {
		t.Errorf("key1 is %s, want %s", got, want)
	}
}

func TestEncodeIsOneToOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Few characters, so that different lists often join to one text.
		parts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune{0, 1, 'a'}), 0, 3, -1), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		if slices.Equal(a, b) != bytes.Equal(secrets.LengthPrefixed(a...), secrets.LengthPrefixed(b...)) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

// One edit with sops changes one fingerprint; a rotation changes the data key's.
func TestFingerprintsFollowTheirValues(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	file := s.sealUsual(t, ".yaml")
	before := decrypted(t, s, file)

	edited := decrypted(t, s, sopsEdit(t, s, file, canaryPort, "a new value"))
	for i, leaf := range edited {
		if same, want := leaf.SOPS1 == before[i].SOPS1, leaf.Name != "port"; same != want {
			t.Errorf("%s/%s: the fingerprint is the same: %t", leaf.Workflow, leaf.Name, same)
		}
		if leaf.Key1 != before[i].Key1 {
			t.Errorf("%s/%s: an edit changed key1", leaf.Workflow, leaf.Name)
		}
	}

	s.rotate()
	rotated := decrypted(t, s, s.sealUsual(t, ".yaml"))
	for i, leaf := range rotated {
		if leaf.SOPS1 == before[i].SOPS1 || leaf.Key1 == before[i].Key1 {
			t.Errorf("%s/%s: a rotation left a fingerprint", leaf.Workflow, leaf.Name)
		}
	}
}

func decrypted(t testing.TB, s *sealer, file string) []Secret {
	t.Helper()
	opened, err := mustVerify(t, "team.yaml", file).Decrypt(t.Context(), s.keys(t))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// sopsEdit changes one value as sops edit does: it decrypts, and encrypts again with
// the cipher that remembers the nonces.
func sopsEdit(t testing.TB, s *sealer, file, old, with string) string {
	t.Helper()
	store := yaml.NewStore(&config.YAMLStoreConfig{})
	tree, err := store.LoadEncryptedFile([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Decrypt(s.dataKey, s.cipher); err != nil {
		t.Fatal(err)
	}
	for _, workflow := range tree.Branches[0][0].Value.(sops.TreeBranch) {
		for i, leaf := range workflow.Value.(sops.TreeBranch) {
			if leaf.Value == old {
				workflow.Value.(sops.TreeBranch)[i].Value = with
			}
		}
	}
	mac, err := tree.Encrypt(s.dataKey, s.cipher)
	if err != nil {
		t.Fatal(err)
	}
	tree.Metadata.MessageAuthenticationCode, err = s.cipher.Encrypt(mac, s.dataKey, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		t.Fatal(err)
	}
	out, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
