// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

const (
	writer = `
path "customers/data/connections/+/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/connections/+/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/connections/+/+/"  { capabilities = ["list"] }
path "customers/delete/connections/+/+/+"   { capabilities = ["update"] }`
	// reader has the rules of Relay's own tenant policy for connections.
	reader = `
path "customers/data/connections/DOMAIN/*"     { capabilities = ["read"] }
path "customers/metadata/connections/DOMAIN/*" { capabilities = ["list"] }`
)

func connect(t *testing.T, v *vaulttest.Vault, token string) *secrets.Client {
	t.Helper()
	c, err := vaultclient.Connect(vaultclient.Settings{Address: v.Address, Token: token}, secrets.Config{Owner: "terraform/relaytest"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRelayReadsSecretsByteForByte(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	c := connect(t, v, v.Writer(t))
	want := map[string]string{
		"plain":               "registry-wolf-otter-29",
		"empty":               "",
		"multi-line":          "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
		"carriage.returns":    "a\r\nb\r",
		"unicode":             "héllo wörld 日本語 🦊",
		"not NFC":             "e\u0301",
		"quotes":              `"quoted" 'single' \back\slash ${secrets.other}`,
		"JSON@home":           `{"user":"x","pass":"y & <z>"}`,
		"prefixed":            "base64:aGVsbG8=",
		"prefixed-not-base64": "base64:not base64!",
		"other prefix":        "Base64:x hex:y :z",
		"binary":              "\x00\x01\xff\xfe",
		"NUL":                 "a\x00b",
		"long":                strings.Repeat("0123456789", 10_000),
		"white_space":         " \t\n ",
	}
	for name, plain := range want {
		a := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: workflow}.Secret(name)
		if _, err := c.Put(context.Background(), secrets.Write{Address: a, Value: secrets.NewValue(plain)}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	relay := relaytest.Start(t, v, v.Reader(t, workflow))
	if got := relay.Secrets(workflow); !maps.Equal(got, want) {
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s: Relay reads %.60q, want %.60q", name, got[name], want[name])
			}
		}
		t.Errorf("Relay lists %d secrets, want %d", len(got), len(want))
	}
	gone := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: workflow}.Secret("plain")
	remove(t, c, gone)
	delete(want, "plain")
	if _, found := relay.Secret(workflow, "plain"); found || !maps.Equal(relay.Secrets(workflow), want) {
		t.Error("Relay finds a deleted secret, or does not find another")
	}
}

func TestRelayReadsConnections(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	c := connections.New(connect(t, v, v.Token(t, writer)), func(text string) { t.Error(text) })
	relay := relaytest.Start(t, v, v.Token(t, strings.ReplaceAll(reader, "DOMAIN", domain)))
	want := map[string]map[string]string{
		"aws/production": {"accessKeyID": "AKIA", "secretAccessKey": "base64:x"},
		"aws/staging":    {"accessKeyID": "AKIB", "secretAccessKey": "s"},
		"gcp/main":       {"serviceAccountKey": "{\n  \"type\": \"service_account\"\n}\n"},
		"ssh/deploy key": {"sshKey": "\x00\xff", "knownHosts": ""},
		"own/anything":   {"ä": "ü"},
	}
	for id, fields := range want {
		put(t, c, domain, id, fields)
	}
	check := func() {
		t.Helper()
		got := relay.Connections(domain)
		if !maps.EqualFunc(got, want, maps.Equal) {
			t.Errorf("Relay lists\n%q, want\n%q", got, want)
		}
	}
	check()
	want["aws/staging"] = map[string]string{"accessKeyID": "AKIC", "secretAccessKey": "t", "sessionToken": "u"}
	put(t, c, domain, "aws/staging", want["aws/staging"])
	check()
	a, _ := connections.ParseAddress(secrets.Scope{Mount: "customers"}, domain, "aws/production")
	remove(t, c, a)
	delete(want, "aws/production")
	check()
	if fields, found := relay.Connection(domain, "aws", "production"); found {
		t.Errorf("Relay finds a deleted connection: %q", fields)
	}
}

// The test writes a connection repeatedly while Relay's connection manager reads it.
func TestRelayNeverReadsFieldsOfTwoWrites(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	c := connections.New(connect(t, v, v.Token(t, writer)), func(text string) { t.Error(text) })
	relay := relaytest.Start(t, v, v.Token(t, strings.ReplaceAll(reader, "DOMAIN", domain)))
	all := func(value string) map[string]string {
		return map[string]string{"clientID": value, "secret": value, "subscriptionID": value, "tenantID": value}
	}
	put(t, c, domain, "azure/production", all("0"))
	stop, done := make(chan struct{}), make(chan map[string]bool)
	go func() {
		seen := map[string]bool{}
		defer func() { done <- seen }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			got, found := relay.Connection(domain, "azure", "production")
			if !found || !maps.Equal(got, all(got["secret"])) {
				t.Errorf("Relay reads %q", got)
			}
			seen[got["secret"]] = true
		}
	}()
	for i := range 40 {
		put(t, c, domain, "azure/production", all(fmt.Sprint(i+1)))
	}
	close(stop)
	if seen := <-done; len(seen) < 5 {
		t.Errorf("Relay read %d of 41 states, so the test proves nothing", len(seen))
	}
}

// The test adds, changes and deletes connections while Relay's connection manager reads
// them: whole or absent, never a part. With the fields deleted right after the pointer, a
// few of 3,000 reads get a part.
func TestRelayReadsAWholeConnectionOrNone(t *testing.T) {
	t.Parallel()
	v, domain := vaulttest.Start(t), vaulttest.Workflow(t)
	c := connections.New(connect(t, v, v.Token(t, writer)), func(text string) { t.Error(text) })
	relay := relaytest.Start(t, v, v.Token(t, strings.ReplaceAll(reader, "DOMAIN", domain)))
	all := func(value string) map[string]string {
		return map[string]string{"clientID": value, "secret": value, "subscriptionID": value, "tenantID": value}
	}
	const reads = 3000
	var current atomic.Int64 // the connection that is changed now
	done, whole := make(chan struct{}), 0
	go func() {
		defer close(done)
		for range reads {
			got, found := relay.Connection(domain, "azure", fmt.Sprint(current.Load()))
			if found && !maps.Equal(got, all(got["secret"])) {
				t.Errorf("Relay reads %q", got)
			}
			if found {
				whole++
			}
		}
	}()
	for i := int64(0); ; i++ {
		select {
		case <-done:
			if whole < reads/10 || whole > reads*9/10 || i < 50 {
				t.Errorf("%d of %d reads found a connection, of %d that were written: the test proves nothing", whole, reads, i)
			}
			return
		default:
		}
		current.Store(i)
		id := fmt.Sprint("azure/", i)
		put(t, c, domain, id, all("one"))
		if i%4 == 0 {
			put(t, c, domain, id, all("two"))
		}
		address, err := connections.ParseAddress(secrets.Scope{Mount: "customers"}, domain, id)
		if err != nil {
			t.Error(err)
		}
		remove(t, c, address)
	}
}

// remove deletes what the client wrote last.
func remove(t *testing.T, m secrets.Manager, a secrets.Address) {
	t.Helper()
	e, err := m.Describe(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := m.Delete(context.Background(), a, e.Claim("terraform/relaytest")); err != nil || done.Outcome != secrets.SoftDeleted {
		t.Fatalf("deleting %s: %v, %v", a, done.Outcome, err)
	}
}

func put(t *testing.T, c *connections.Client, domain, id string, fields map[string]string) {
	t.Helper()
	a, err := connections.ParseAddress(secrets.Scope{Mount: "customers"}, domain, id)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := c.Describe(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]secrets.Value{}
	for name, plain := range fields {
		values[name] = secrets.NewValue(plain)
	}
	if _, err := c.Put(context.Background(), secrets.Write{Address: a, Fields: values, Observed: seen}); err != nil {
		t.Fatalf("%s: %v", id, err)
	}
}

func TestRelayFindsTheSameReferences(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../workflowfile/testdata/relay-workflows/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d workflow files (%v)", len(files), err)
	}
	v := vaulttest.Start(t)
	relay := relaytest.Start(t, v, v.Reader(t, "none"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := workflowfile.Read(text)
		if err != nil {
			continue // without steps; Relay finds no references either
		}
		var found []string
		for _, c := range file.Targets(workflowfile.Connection) {
			found = append(found, "connection "+c.String())
		}
		for _, s := range file.Targets(workflowfile.Secret) {
			found = append(found, "secret "+s.Name)
		}
		// Relay's merge accepts no keyword arguments and fails before it evaluates them.
		found = slices.DeleteFunc(found, func(reference string) bool { return reference == "connection ssh/terraform-repository-key" })
		if want := relay.References(string(text)); !slices.Equal(found, want) {
			t.Errorf("%s: got %q, Relay finds %q", filepath.Base(name), found, want)
		}
	}
}

// The guide on managing secrets describes these results.
func TestNiPrintsValuesAsTheGuideDescribes(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	c := connect(t, v, v.Writer(t))
	relay := relaytest.Start(t, v, v.Reader(t, workflow))
	scope := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: workflow}
	// For a refused query ni prints nothing and succeeds. json and file are empty where "ni file -o
	// json" and "ni credentials config" keep the value.
	values := map[string]struct {
		plain, prints, json, file string
		refused                   bool
	}{
		"text":       {plain: "s3cr3t & <more>", prints: "s3cr3t & <more>"},
		"newline":    {plain: "-----BEGIN-----\nabc\n", prints: "-----BEGIN-----\nabc\n"},
		"json":       {plain: `{"username":"ci"}`, prints: `{"username":"ci"}`},
		"base64":     {plain: "eyJ1c2VybmFtZSI6ImNpIn0=", prints: "eyJ1c2VybmFtZSI6ImNpIn0=", file: `{"username":"ci"}`},
		"word":       {plain: "password", prints: "password", file: "\xa5\xab\x2c\xc2\x8a\xdd"},
		"prefixed":   {plain: "base64:aGVsbG8=", prints: "base64:aGVsbG8="},
		"dollars":    {plain: "$5 {x} $$", prints: "$5 {x} $$"},
		"empty":      {},
		"bytes":      {plain: "\x30\x82\xff\xfe", prints: "\x30\x82\xff\xfe", json: "0\ufffd\ufffd\ufffd"},
		"nul":        {plain: "a\x00b", refused: true},
		"mark":       {plain: "\ufefftext", prints: "text"},
		"expression": {plain: "pass${toString(1)}word", prints: "pass1word"},
		"brace":      {plain: "pass${word", refused: true},
		"secret":     {plain: "pass${secrets.json}word", prints: `pass{"username":"ci"}word`},
	}
	for name, value := range values {
		if _, err := c.Put(context.Background(), secrets.Write{Address: scope.Secret(name), Value: secrets.NewValue(value.plain)}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for name, value := range values {
		file := fmt.Sprintf("steps:\n- name: one\n  image: relaysh/core\n  spec:\n    value: ${secrets.%s}\n", name)
		got, refused := relay.Printed(workflow, file, "{.value}")
		if got != value.prints || (refused != "") != value.refused {
			t.Errorf("%s: ni prints %q, want %q (%s)", name, got, value.prints, refused)
		}
		steps, refused := relay.Steps(workflow, file)
		if refused != "" || len(steps) != 1 || steps[0].Values["spec.value"] != value.plain {
			t.Errorf("%s: the step receives %v, want %q (%s)", name, steps, value.plain, refused)
			continue
		}
		received := steps[0].Values["spec.value"]
		if _, read, err := relaytest.FileJSON(received); err != nil || read != cmp.Or(value.json, value.plain) {
			t.Errorf("%s: ni file -o json has %q, want %q (%v)", name, read, cmp.Or(value.json, value.plain), err)
		}
		if got := relaytest.CredentialsFile(received); got != cmp.Or(value.file, value.plain) {
			t.Errorf("%s: ni credentials config writes %q, want %q", name, got, cmp.Or(value.file, value.plain))
		}
	}
}
