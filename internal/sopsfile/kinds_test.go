// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring/keyringtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

const plainManifest = "workflows:\n  deploy:\n    token: canary-token\n"

// sopsEncrypt runs the real sops, with nothing in its environment but env.
func sopsEncrypt(t *testing.T, config string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"team.yaml": plainManifest, ".sops.yaml": "creation_rules:\n- " + config + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tools.Path(t, "sops"), "encrypt", "team.yaml")
	cmd.Dir, cmd.Env = dir, append([]string{"HOME=" + dir}, env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sops: %v: %s", err, stderr.String())
	}
	return string(out)
}

// TestAFileFromTheFutureIsRepairedByRotating: sops writes the time of this machine again.
func TestAFileFromTheFutureIsRepairedByRotating(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	s.change = func(m *sops.Metadata) { m.LastModified = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }
	file := writeFile(t, "team.yaml", s.seal(t, ".yaml", plainTree("deploy", "token", "canary-token")))
	read := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if _, err := Verify("team.yaml", []byte(read())); err == nil || !strings.Contains(err.Error(), "which is in the future; set the clock of the machine that encrypts (or of this one), and encrypt the file again with sops rotate --in-place") {
		t.Errorf("got %v", err)
	}
	cmd := exec.CommandContext(t.Context(), tools.Path(t, "sops"), "rotate", "--in-place", file)
	cmd.Env = []string{"HOME=" + t.TempDir(), "SOPS_AGE_KEY=" + s.identity}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mustOpen(t, read(), s.keys(t))
}

func mustKeys(t *testing.T, cfg keyring.Config) *Keys {
	t.Helper()
	ring, err := keyring.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ring.Load()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func mustOpen(t *testing.T, file string, keys *Keys) {
	t.Helper()
	m := mustVerify(t, "team.yaml", file)
	values, _, err := m.open(t.Context(), keys)
	if err != nil || !slices.Equal(values, []string{"canary-token"}) {
		t.Errorf("got %q, %v", values, err)
	}
	for _, recipient := range m.Recipients {
		if !slices.Contains(keys.Available(), recipient) {
			t.Errorf("recipient %q is not among the available keys %q", recipient, keys.Available())
		}
	}
}

func TestSSHRecipientsOfSops(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	keys := mustKeys(t, keyring.Config{Age: []string{writeFile(t, "id_ed25519", string(pem.EncodeToMemory(block)))}})
	mustOpen(t, sopsEncrypt(t, `age: "`+keys.Available()[0]+` deploy@example.com"`), keys)
}

const awsARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"

func awsConfig(t *testing.T, s *keyringtest.StandIn) keyring.Config {
	t.Helper()
	return keyring.Config{AWSKMS: &keyring.AWSKMS{
		Keys: []string{awsARN}, Endpoint: s.URL, CACert: s.CACert,
		CredentialsFile: writeFile(t, "aws", "[default]\naws_access_key_id = AKIDSTANDIN\naws_secret_access_key = x\n"),
	}}
}

func awsEnvironment(s *keyringtest.StandIn) []string {
	return []string{"AWS_ENDPOINT_URL_KMS=" + s.URL, "SSL_CERT_FILE=" + s.CACert, "AWS_ACCESS_KEY_ID=AKIDSTANDIN", "AWS_SECRET_ACCESS_KEY=x"}
}

// sops asks the stand-ins to wrap as it asks the real servers.
func TestRemoteRecipientsOfSops(t *testing.T) {
	t.Parallel()
	s := keyringtest.Start(t)
	mustOpen(t, sopsEncrypt(t, "kms: "+awsARN, awsEnvironment(s)...), mustKeys(t, awsConfig(t, s)))
	mustOpen(t, sopsEncrypt(t, "hc_vault_transit_uri: "+s.URL+"/v1/transit/keys/team", "VAULT_TOKEN="+keyringtest.Token, "VAULT_CACERT="+s.CACert),
		mustKeys(t, keyring.Config{VaultTransit: []keyring.VaultTransit{{
			Address: s.URL, Keys: []string{"team"}, TokenFile: writeFile(t, "token", keyringtest.Token), CACert: s.CACert,
		}}}))
}

// Roles and profiles of a file would choose whose credentials are used.
func TestRoleInAFileIsIgnored(t *testing.T) {
	t.Parallel()
	s := keyringtest.Start(t)
	file := sopsEncrypt(t, "kms: "+awsARN, awsEnvironment(s)...)
	const profile = `aws_profile: ""`
	edited := strings.Replace(file, profile, "aws_profile: attacker\n          role: arn:aws:iam::1:role/attacker", 1)
	if edited == file {
		t.Fatalf("no %s in\n%s", profile, file)
	}
	mustOpen(t, edited, mustKeys(t, awsConfig(t, s)))
}

func TestKeyGroups(t *testing.T) {
	t.Parallel()
	s := keyringtest.Start(t)
	one, two := newSealer(t), newSealer(t)
	file := sopsEncrypt(t, "shamir_threshold: 2\n  key_groups:\n  - age: ["+one.recipient+"]\n  - age: ["+two.recipient+"]\n  - kms: [{arn: \""+awsARN+"\"}]", awsEnvironment(s)...)
	ageFiles := []string{writeFile(t, "one", one.identity), writeFile(t, "two", two.identity)}
	all := awsConfig(t, s)
	all.Age = ageFiles
	asked := len(s.Requests())
	mustOpen(t, file, mustKeys(t, all))
	if len(s.Requests()) != asked {
		t.Error("a third group was opened though two are enough")
	}
	all.Age = ageFiles[:1]
	m := mustVerify(t, "team.yaml", file)
	if _, err := m.Decrypt(t.Context(), mustKeys(t, all)); err != nil {
		t.Errorf("one age key and KMS: %v", err)
	}
	_, err := m.Decrypt(t.Context(), mustKeys(t, keyring.Config{Age: ageFiles[1:]}))
	want := "it needs 2 of its 3 key groups, group 1 (" + one.recipient + ") not decrypted, group 2 (" + two.recipient + ") decrypted, group 3 (kms " + awsARN + ") not decrypted; the available keys are " + two.recipient
	if noKey, ok := errors.AsType[*NoKeyError](err); !ok || len(noKey.Groups) != 3 || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	s.Answer(keyringtest.Status(503))
	_, err = m.Decrypt(t.Context(), mustKeys(t, all))
	if !errors.Is(err, keyring.ErrUnavailable) || !strings.Contains(err.Error(), "try again later") || strings.Contains(err.Error(), keyringtest.Canary) {
		t.Errorf("KMS out of reach: got %v", err)
	}
}

// With too few of the parts the key comes out wrong, and so does every value.
func TestLoweredThresholdDecryptsNothing(t *testing.T) {
	t.Parallel()
	one, two, three := newSealer(t), newSealer(t), newSealer(t)
	file := sopsEncrypt(t, "shamir_threshold: 3\n  key_groups:\n  - age: ["+one.recipient+"]\n  - age: ["+two.recipient+"]\n  - age: ["+three.recipient+"]")
	keys := mustKeys(t, keyring.Config{Age: []string{writeFile(t, "k", one.identity+"\n"+two.identity+"\n"+three.identity)}})
	mustOpen(t, file, keys)
	lowered := strings.Replace(file, "shamir_threshold: 3", "shamir_threshold: 2", 1)
	opened, err := mustVerify(t, "team.yaml", lowered).Decrypt(t.Context(), keys)
	if opened != nil {
		t.Error("something was opened")
	}
	assertProblem(t, err, 0, "sops.key_groups decrypt to parts of different data keys")
}
