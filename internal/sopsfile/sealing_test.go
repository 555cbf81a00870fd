// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	filippo "filippo.io/age"
	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// sealer makes manifests through the same calls as the sops command: encrypt a tree,
// seal its MAC, emit it with its metadata.
type sealer struct {
	identity, recipient string // an age key, as age-keygen writes it
	dataKey             []byte
	cipher              aes.Cipher
	// change edits the metadata before anything is encrypted, if not nil.
	change func(*sops.Metadata)
}

var sealedAt = time.Date(2026, 11, 22, 18, 24, 47, 0, time.UTC)

func newSealer(t testing.TB) *sealer {
	t.Helper()
	identity, err := filippo.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := &sealer{identity: identity.String(), recipient: identity.Recipient().String()}
	s.rotate()
	return s
}

// rotate takes a new data key, as sops rotate does.
func (s *sealer) rotate() {
	s.dataKey = make([]byte, dataKeyBytes)
	_, _ = rand.Read(s.dataKey) // never fails
	s.cipher = aes.NewCipher()
}

// keys are those that open what s sealed.
func (s *sealer) keys(t testing.TB) *Keys {
	t.Helper()
	ring, err := keyring.New(keyring.Config{Age: []string{writeFile(t, "keys.txt", s.identity+"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ring.Load()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// seal encrypts workflows, as the plain text of a file whose name ends like format.
func (s *sealer) seal(t testing.TB, format string, plain sops.TreeBranch) string {
	t.Helper()
	key, err := age.MasterKeyFromRecipient(s.recipient)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Encrypt(s.dataKey); err != nil {
		t.Fatal(err)
	}
	tree := sops.Tree{Branches: sops.TreeBranches{plain}, Metadata: sops.Metadata{
		KeyGroups:         []sops.KeyGroup{{key}},
		UnencryptedSuffix: sops.DefaultUnencryptedSuffix,
		LastModified:      sealedAt,
		Version:           "3.13.3",
	}}
	if s.change != nil {
		s.change(&tree.Metadata)
	}
	mac, err := tree.Encrypt(s.dataKey, s.cipher)
	if err != nil {
		t.Fatal(err)
	}
	tree.Metadata.MessageAuthenticationCode, err = s.cipher.Encrypt(mac, s.dataKey, tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		t.Fatal(err)
	}
	var store sops.EncryptedFileEmitter = yaml.NewStore(&config.YAMLStoreConfig{})
	switch format {
	case ".json", ".bin":
		store = json.NewStore(&config.JSONStoreConfig{Indent: 4})
	case ".env":
		store = dotenv.NewStore(&config.DotenvStoreConfig{})
	case ".ini":
		store = ini.NewStore(&config.INIStoreConfig{})
	}
	out, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// plainTree turns workflow, name, value triples into a tree, in that order.
func plainTree(triples ...string) sops.TreeBranch {
	var workflows sops.TreeBranch
	for triple := range slices.Chunk(triples, 3) {
		i := slices.IndexFunc(workflows, func(item sops.TreeItem) bool { return item.Key == triple[0] })
		if i < 0 {
			i = len(workflows)
			workflows = append(workflows, sops.TreeItem{Key: triple[0], Value: sops.TreeBranch{}})
		}
		item := sops.TreeItem{Key: triple[1], Value: triple[2]}
		workflows[i].Value = append(workflows[i].Value.(sops.TreeBranch), item)
	}
	return sops.TreeBranch{{Key: workflowsKey, Value: workflows}}
}

// The values of the file that most tests begin with; none may show anywhere.
const (
	canaryToken  = "canary-of-deploy-token"
	canaryPort   = "canary-of-deploy-port"
	canaryBackup = "canary-of-backup-token"
	canaryClear  = "canary-left-in-clear"
)

// sealUsual gives a file with its leaves in lines 3, 4 and 6, sops in line 7.
func (s *sealer) sealUsual(t testing.TB, format string) string {
	t.Helper()
	return s.seal(t, format, plainTree(
		"deploy", "token", canaryToken, "deploy", "port", canaryPort, "backup", "token", canaryBackup))
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var sealedPart = regexp.MustCompile(`(?:data|iv|tag):([A-Za-z0-9+/=]{8,})`)

// assertSilent fails if an error holds anything of the file but key names: a value, a
// ciphertext or a part of one, or the MAC's plain text, which is a hash of the values.
func assertSilent(t testing.TB, err error, file string) {
	t.Helper()
	values := []string{canaryToken, canaryPort, canaryBackup}
	hidden := append([]string{canaryClear, "AES256_GCM"}, values...)
	for _, value := range append(values, strings.Join(values, "")) {
		sum := sha512.Sum512([]byte(value))
		hidden = append(hidden, hex.EncodeToString(sum[:8]))
	}
	for _, part := range sealedPart.FindAllStringSubmatch(file, -1) {
		hidden = append(hidden, part[1])
	}
	shown := strings.ToLower(fmt.Sprintf("%v %+v %#v", err, err, err))
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		shown += strings.ToLower(fmt.Sprintf("%+v %#v", inner, inner))
	}
	for _, secret := range hidden {
		if strings.Contains(shown, strings.ToLower(secret)) {
			t.Errorf("the error holds %q:\n%v", secret, err)
		}
	}
}

// assertProblem fails unless err is *Problems with this one on this line.
func assertProblem(t testing.TB, err error, line int, sentence string) {
	t.Helper()
	var problems *Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want a problem %q", err, sentence)
	}
	for _, problem := range problems.List {
		if problem.Line == line && strings.Contains(problem.String(), sentence) {
			return
		}
	}
	t.Errorf("got\n%v\nwant in line %d: %s", err, line, sentence)
}
