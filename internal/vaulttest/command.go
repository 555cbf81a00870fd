// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Paste runs lines of documentation or of a message in a shell, as a person who pastes
// them there. Their "vault kv" commands run with this token. It returns the output.
func (v *Vault) Paste(t testing.TB, token string, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	// The stand-in records its arguments, one a line and quoted by the shell itself.
	recorder := "#!/bin/bash\nprintf '%s\\0' \"$#\" \"$@\" >> \"$RECORD\"\n"
	if err := os.WriteFile(filepath.Join(dir, "vault"), []byte(recorder), 0o700); err != nil { //nolint:gosec // must be executable
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", strings.Join(lines, "\n"))
	record := filepath.Join(dir, "record")
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "RECORD=" + record}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("paste %q: %v\n%s", lines, err, out)
	}
	recorded, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for words := strings.Split(string(recorded), "\x00"); len(words) > 1; {
		var count int
		if _, err := fmt.Sscan(words[0], &count); err != nil {
			t.Fatal(err)
		}
		if err := Command(v.Address, token, words[1:1+count], &out); err != nil {
			t.Errorf("vault %q: %v", words[1:1+count], err)
		}
		words = words[1+count:]
	}
	return out.String()
}

// Command does what these commands of Vault's own program do: kv list, kv get, kv
// metadata delete. The tests need no such program.
func Command(address, token string, args []string, out io.Writer) error {
	method, api := http.MethodGet, "data"
	switch {
	case len(args) > 2 && slices.Equal(args[:2], []string{"kv", "list"}):
		method, api, args = "LIST", "metadata", args[2:]
	case len(args) > 2 && slices.Equal(args[:2], []string{"kv", "get"}):
		args = args[2:]
	case len(args) > 3 && slices.Equal(args[:3], []string{"kv", "metadata", "delete"}):
		method, api, args = http.MethodDelete, "metadata", args[3:]
	default:
		return fmt.Errorf("unsupported command")
	}
	flags := flag.NewFlagSet("vault", flag.ContinueOnError)
	mount, version, field := flags.String("mount", "", ""), flags.String("version", "", ""), flags.String("field", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || *mount == "" {
		return fmt.Errorf("expected -mount and one path")
	}
	segments := strings.Split(flags.Arg(0), "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	target := address + "/v1/" + *mount + "/" + api + "/" + strings.Join(segments, "/")
	if *version != "" {
		target += "?version=" + *version
	}
	return request(method, target, token, *field, out)
}

// request sends a request, and prints the field of a value or the keys of a list.
func request(method, target, token, field string, out io.Writer) error {
	q, err := http.NewRequest(method, target, nil) //nolint:noctx // a command of a test
	if err != nil {
		return err
	}
	q.Header.Set("X-Vault-Token", token)
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: status %d", method, target, response.StatusCode)
	}
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	var answer struct {
		Data struct {
			Keys []string
			Data map[string]string
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if method == "LIST" {
		_, err = fmt.Fprintf(out, "Keys\n----\n%s\n", strings.Join(answer.Data.Keys, "\n"))
		return err
	}
	_, err = fmt.Fprintln(out, answer.Data.Data[field])
	return err
}
