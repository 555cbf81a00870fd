// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package keyringtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Token is what the stand-in wants as a bearer's or a Vault token, and hands out to
// every client that logs in.
const Token = "stand-in-token"

// accessKey is the one that it wants from clients of AWS.
const accessKey = "AKIDSTANDIN"

// Canary is in every refusal, as a real server's text can quote a request.
const Canary = "canary-of-the-server"

// StandIn answers as AWS KMS, GCP KMS, Azure Key Vault, Vault's transit engine and
// the servers that hand out tokens for them, all at one address.
type StandIn struct {
	// URL is https://127.0.0.1:PORT, CACert the file of its authority.
	URL, CACert string

	rsa  *rsa.PrivateKey
	aead cipher.AEAD

	mu       sync.Mutex
	requests []string
	answer   http.HandlerFunc
}

// Start runs a stand-in until the test ends.
func Start(t testing.TB) *StandIn {
	t.Helper()
	s := &StandIn{}
	var err error
	if s.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher([]byte(rand.Text() + rand.Text())[:32])
	if err != nil {
		t.Fatal(err)
	}
	if s.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	s.URL, s.CACert = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(s.CACert, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// Requests are those that asked for a key to be used, oldest first, as METHOD PATH.
func (s *StandIn) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Answer makes every request for a key end so, until it is called with nil.
func (s *StandIn) Answer(handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = handler
}

// Seal wraps a key for a name, as the encrypt of AWS, GCP and transit would.
func (s *StandIn) Seal(name string, key []byte) []byte {
	return s.aead.Seal(nil, nil, key, []byte(name)) //nolint:gosec // this cipher takes a random nonce itself
}

// SealRSA wraps a key as Azure Key Vault does.
func (s *StandIn) SealRSA(t testing.TB, key []byte) []byte {
	t.Helper()
	sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &s.rsa.PublicKey, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// ServeHTTP implements http.Handler.
func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		tenant := strings.Split(r.URL.Path, "/")[1]
		send(w, map[string]any{
			"token_endpoint": s.URL + "/" + tenant + "/oauth2/v2.0/token", "authorization_endpoint": s.URL + "/" + tenant + "/oauth2/v2.0/authorize",
			"issuer": s.URL + "/" + tenant + "/v2.0",
		})
		return
	case strings.HasSuffix(r.URL.Path, "/token"):
		send(w, map[string]any{"access_token": Token, "token_type": "Bearer", "expires_in": 3600})
		return
	case r.URL.Path == "/credentials": // of an AWS container
		send(w, map[string]any{"AccessKeyId": accessKey, "SecretAccessKey": "x"})
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	answer := s.answer
	s.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case r.Header.Get("X-Amz-Target") != "":
		s.aws(w, r, body)
	case r.Header.Get("X-Vault-Token") != Token && r.Header.Get("Authorization") != "Bearer "+Token:
		refuse(w, http.StatusForbidden, "no token")
	case strings.HasPrefix(r.URL.Path, "/v1/projects/"):
		s.gcp(w, r, body)
	case strings.HasPrefix(r.URL.Path, "/keys/"):
		s.azure(w, body)
	default:
		s.transit(w, r, body)
	}
}

func (s *StandIn) aws(w http.ResponseWriter, r *http.Request, body map[string]any) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+accessKey+"/") {
		refuseAWS(w, "UnrecognizedClientException")
		return
	}
	context, _ := body["EncryptionContext"].(map[string]any) // absent is empty
	name := fmt.Sprint(body["KeyId"], context)
	if r.Header.Get("X-Amz-Target") == "TrentService.Encrypt" {
		send(w, map[string]any{"CiphertextBlob": s.Seal(name, decode(body["Plaintext"])), "KeyId": body["KeyId"]})
		return
	}
	opened, err := s.aead.Open(nil, nil, decode(body["CiphertextBlob"]), []byte(name))
	if err != nil {
		refuseAWS(w, "InvalidCiphertextException")
		return
	}
	send(w, map[string]any{"Plaintext": opened, "KeyId": body["KeyId"]})
}

func refuseAWS(w http.ResponseWriter, code string) {
	w.Header().Set("X-Amzn-Errortype", code)
	refuse(w, http.StatusBadRequest, code)
}

// AWSError answers as AWS does with an error's code.
func AWSError(code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { refuseAWS(w, code) }
}

// Status answers with a status and a text.
func Status(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, "stand-in") }
}

func (s *StandIn) gcp(w http.ResponseWriter, r *http.Request, body map[string]any) {
	name, verb, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), ":")
	if verb == "encrypt" {
		send(w, map[string]any{"name": name, "ciphertext": s.Seal(name, decode(body["plaintext"]))})
		return
	}
	opened, err := s.aead.Open(nil, nil, decode(body["ciphertext"]), []byte(name))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	send(w, map[string]any{"plaintext": opened})
}

func (s *StandIn) azure(w http.ResponseWriter, body map[string]any) {
	sealed, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(body["value"]))
	opened, err := rsa.DecryptOAEP(sha256.New(), nil, s.rsa, sealed, nil)
	if err != nil || body["alg"] != "RSA-OAEP-256" {
		refuse(w, http.StatusBadRequest, "BadParameter")
		return
	}
	send(w, map[string]any{"kid": "x", "value": base64.RawURLEncoding.EncodeToString(opened)})
}

func (s *StandIn) transit(w http.ResponseWriter, r *http.Request, body map[string]any) {
	mount, key, decrypts := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/decrypt/")
	if !decrypts {
		mount, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/encrypt/")
		sealed := base64.StdEncoding.EncodeToString(s.Seal(mount+" "+key, decode(body["plaintext"])))
		send(w, map[string]any{"data": map[string]any{"ciphertext": "vault:v1:" + sealed}})
		return
	}
	opened, err := s.aead.Open(nil, nil, decode(strings.TrimPrefix(fmt.Sprint(body["ciphertext"]), "vault:v1:")), []byte(mount+" "+key))
	if err != nil {
		refuse(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	send(w, map[string]any{"data": map[string]any{"plaintext": opened}})
}

func decode(value any) []byte {
	out, _ := base64.StdEncoding.DecodeString(fmt.Sprint(value))
	return out
}

func send(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": text + " " + Canary, "errors": []string{Canary}})
}
