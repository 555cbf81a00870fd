// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring/keyringtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// ageKey lets the source have one age key file, with another content than its own.
func (w *world) ageKey(content string) (path string) {
	path = write(w.t, w.t.TempDir(), "age.key", content)
	w.cfg.Sources[0].AgeKeys = []string{path}
	return path
}

// newKey creates a key with a command, adds its public key to .sops.yaml, and runs sops
// updatekeys on each file, as a person who has another key of the file.
func (w *world) newKey(person, path, command string) {
	w.t.Helper()
	w.run("sh", "-c", strings.Replace(command, "age-keygen", tools.Path(w.t, "age-keygen"), 1))
	public := strings.TrimSpace(w.run(tools.Path(w.t, "age-keygen"), "-y", path))
	write(w.t, w.repo, ".sops.yaml", "creation_rules:\n  - age: "+w.recipient+","+public+"\n")
	w.run("env", "SOPS_AGE_KEY_FILE="+person, tools.Path(w.t, "sops"), "updatekeys", "--yes", "one.yaml")
	w.commit()
}

// otherKey gives the source a key file that is not there or empty, and then one that a
// command creates.
func otherKey(missing bool, command string) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		own := w.cfg.Sources[0].AgeKeys[0]
		path := w.ageKey("")
		if missing {
			w.run("rm", path)
		}
		return func() { w.newKey(own, path, command+path) }
	}
}

func (w *world) readFile(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// encryptedKey is the key of the source, encrypted as age does with a passphrase.
func encryptedKey(w *world) string {
	recipient, err := age.NewScryptRecipient("passphrase")
	if err != nil {
		w.t.Fatal(err)
	}
	recipient.SetWorkFactor(10)
	var out bytes.Buffer
	encrypted, err := age.Encrypt(&out, recipient)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(encrypted, w.readFile(w.cfg.Sources[0].AgeKeys[0])); err != nil {
		w.t.Fatal(err)
	}
	if err := encrypted.Close(); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// sshKey encrypts the file for an SSH key, and gives the source that key with a passphrase,
// and then a copy without one.
func sshKey(w *world) func() {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.recipient = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	if _, err := agessh.ParseRecipient(w.recipient); err != nil {
		w.t.Fatal(err)
	}
	w.one()
	protected, err := ssh.MarshalPrivateKeyWithPassphrase(crypto.PrivateKey(key), "", []byte("passphrase"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.ageKey(string(pem.EncodeToMemory(protected)))
	return func() {
		block, err := ssh.MarshalPrivateKey(crypto.PrivateKey(key), "")
		if err != nil {
			w.t.Fatal(err)
		}
		w.ageKey(string(pem.EncodeToMemory(block)))
	}
}

// pgpKey gives the source a file of PGP keys, and then the secret key that gpg exports.
func pgpKey(bad func(w *world, key *openpgp.Entity) string) func(w *world) func() {
	return func(w *world) func() {
		w.one()
		key, err := openpgp.NewEntity("Sync", "", "sync@example.com", nil)
		if err != nil {
			w.t.Fatal(err)
		}
		good := exported(w, openpgp.PrivateKeyType, func(out io.Writer) error { return key.SerializePrivate(out, nil) })
		w.cfg.Sources[0].Keys.PGP = []string{bad(w, key)}
		return func() { w.cfg.Sources[0].Keys.PGP = []string{write(w.t, w.t.TempDir(), "pgp.key", good)} }
	}
}

// exported is what gpg --armor exports.
func exported(w *world, kind string, export func(io.Writer) error) string {
	var out bytes.Buffer
	armored, err := armor.Encode(&out, kind, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := export(armored); err != nil {
		w.t.Fatal(err)
	}
	if err := armored.Close(); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// transit encrypts the file for a key of Vault's transit engine.
func (w *world) transit() (*keyringtest.StandIn, *keyring.VaultTransit) {
	s := keyringtest.Start(w.t)
	write(w.t, w.repo, ".sops.yaml", "creation_rules:\n  - hc_vault_transit_uri: "+s.URL+"/v1/transit/keys/team\n")
	write(w.t, w.repo, "one.yaml", "workflows:\n  "+w.workflow(0)+":\n    one: value\n")
	w.run("env", "-u", "SOPS_AGE_RECIPIENTS", "VAULT_TOKEN="+keyringtest.Token, "VAULT_CACERT="+s.CACert,
		tools.Path(w.t, "sops"), "encrypt", "--in-place", "one.yaml")
	w.commit()
	w.cfg.Sources[0].Keys.VaultTransit = []keyring.VaultTransit{{
		Address: s.URL, Keys: []string{"team"}, TokenFile: write(w.t, w.t.TempDir(), "token", keyringtest.Token), CACert: s.CACert,
	}}
	return s, &w.cfg.Sources[0].Keys.VaultTransit[0]
}

// transitAnswers lets the transit engine answer with a status for a while.
func transitAnswers(status int) func(w *world) func() {
	return func(w *world) func() {
		s, _ := w.transit()
		s.Answer(keyringtest.Status(status))
		return func() { s.Answer(nil) }
	}
}

// damagedEntry damages the entry of the source's key in a file that another key decrypts,
// too.
func damagedEntry(follow func(w *world, other string)) func(w *world) func() {
	return func(w *world) func() {
		second, err := age.GenerateX25519Identity()
		if err != nil {
			w.t.Fatal(err)
		}
		w.recipient += "," + second.Recipient().String()
		w.one()
		good := w.read("one.yaml")
		end := strings.LastIndex(good[:strings.Index(good, "-----END AGE")], "==") - 20
		other := map[bool]string{true: "B", false: "A"}[good[end] == 'A']
		write(w.t, w.repo, "one.yaml", good[:end]+other+good[end+1:])
		w.commit()
		return func() { follow(w, second.String()) }
	}
}

var keyAdvice = []advice{
	{message: "age_keys: %w. Hint: correct the path", begin: adviceAbout("correct the path, or create a key with age-keygen")},
	{message: "or create a key with age-keygen -o", begin: otherKey(true, "age-keygen -o ")},
	{message: "no key found; create one with age-keygen >>", begin: otherKey(false, "age-keygen >>")},
	{message: "the key file is itself encrypted; decrypt it with age", begin: func(w *world) func() {
		w.one()
		own := w.cfg.Sources[0].AgeKeys[0]
		w.ageKey(encryptedKey(w))
		return func() { w.ageKey(w.readFile(own)) }
	}},
	{message: "the SSH key is protected with a passphrase; copy it", begin: sshKey},
	{message: "keys.pgp: %w. Hint: correct the path", begin: pgpKey(func(w *world, _ *openpgp.Entity) string { return w.t.TempDir() + "/missing" })},
	{message: "not a file of secret PGP keys; create one", begin: pgpKey(func(w *world, _ *openpgp.Entity) string {
		return write(w.t, w.t.TempDir(), "pgp.key", "text")
	})},
	{message: "only a public key found; export the secret key", begin: pgpKey(func(w *world, key *openpgp.Entity) string {
		return write(w.t, w.t.TempDir(), "pgp.key", exported(w, openpgp.PublicKeyType, key.Serialize))
	})},
	{message: "the PGP key is protected with a passphrase; remove it", begin: pgpKey(func(w *world, key *openpgp.Entity) string {
		if err := key.EncryptPrivateKeys([]byte("passphrase"), nil); err != nil {
			w.t.Fatal(err)
		}
		return write(w.t, w.t.TempDir(), "pgp.key", exported(w, openpgp.PrivateKeyType, func(out io.Writer) error {
			return key.SerializePrivateWithoutSigning(out, nil)
		}))
	})},
	{message: "the certificate of the server is not trusted; set ca_cert", begin: func(w *world) func() {
		_, key := w.transit()
		right := key.CACert
		key.CACert = ""
		return func() { key.CACert = right }
	}},
	{message: "AWS_CA_BUNDLE is set in the environment; set ca_cert, and unset the variable", test: "TestCABundleOfTheEnvironmentIsNamed"},
	{message: "try again later, as the daemon does", begin: transitAnswers(http.StatusServiceUnavailable)},
	{message: "grant the credentials of this source the permission to decrypt with that key", begin: transitAnswers(http.StatusForbidden)},
	{message: "entry for an available key is damaged; restore the file from git", begin: damagedEntry(func(w *world, _ string) {
		w.run("git", "checkout", "-q", "HEAD~1", "--", "one.yaml")
		w.commit()
	})},
	{message: "or run sops rotate --in-place with another of its keys", begin: damagedEntry(func(w *world, other string) {
		w.run("env", "SOPS_AGE_KEY="+other, "SOPS_AGE_KEY_FILE=", tools.Path(w.t, "sops"), "rotate", "--in-place", "one.yaml")
		w.commit()
	})},
	{message: "or configure a key of the file for this source", begin: adviceAbout("no available key decrypts this file")},
	{message: "add an available key to .sops.yaml and run sops updatekeys", begin: func(w *world) func() {
		w.one()
		own := w.cfg.Sources[0].AgeKeys[0]
		path := w.ageKey("") + ".new"
		w.cfg.Sources[0].AgeKeys[0] = path
		w.run(tools.Path(w.t, "age-keygen"), "-o", path)
		return func() { w.newKey(own, path, ":") }
	}},
}
