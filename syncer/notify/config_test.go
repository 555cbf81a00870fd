// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestProblemsListsInvalidSettings(t *testing.T) {
	t.Parallel()
	good := Host{URL: "https://git.example.com", Repository: "example/shop", TokenFile: "t"}
	host := func(change func(h *Host)) *Host {
		h := good
		change(&h)
		return &h
	}
	rows := []struct {
		config Config
		want   []string
	}{
		{Config{GitHub: host(func(h *Host) { h.URL = "" })}, nil},
		{Config{GitLab: host(func(h *Host) { h.URL, h.Repository = "", "12" })}, nil},
		{Config{GitLab: host(func(h *Host) { h.Repository = "a/b/c.d" })}, nil},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://[::1]:3000" })}, nil},
		{Config{Webhook: &Webhook{URL: "http://localhost:1/x?y=z", SecretFile: "s"}}, nil},
		{Config{}, []string{"exactly one"}},
		{Config{GitHub: &good, GitLab: &good}, []string{"exactly one"}},
		{Config{Gitea: &Host{}}, []string{"url is required", "repository must be owner/name", "token_file is required"}},
		{Config{Webhook: &Webhook{}}, []string{"url is required", "secret_file is required"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://git.example.com" })}, []string{"must begin with https://"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://localhost.example.com" })}, []string{"must begin with https://"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "https://ada:pw@git.example.com" })}, []string{"must not contain credentials"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "git.example.com" })}, []string{"must be a URL"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "../.." })}, []string{"owner/name"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "a/b/c" })}, []string{"owner/name"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "a/b?c" })}, []string{"owner/name"}},
		{Config{GitLab: host(func(h *Host) { h.Repository = "a/../b" })}, []string{"group/name"}},
	}
	for _, row := range rows {
		got := row.config.Problems()
		text := fmt.Sprint(got.Err())
		for _, want := range row.want {
			if !strings.Contains(text, want) {
				t.Errorf("want %q in %q", want, got)
			}
		}
		if len(got) != len(row.want) || strings.Contains(text, "pw") {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

func TestFIFOInPlaceOfACredentialFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]Config{
		"notify.github.token_file":   {GitHub: &Host{Repository: "a/b", TokenFile: fifo}},
		"notify.gitlab.token_file":   {GitLab: &Host{Repository: "a/b", TokenFile: fifo}},
		"notify.webhook.secret_file": {Webhook: &Webhook{URL: "https://x", SecretFile: fifo}},
		"ca_cert":                    {Webhook: &Webhook{URL: "https://x", SecretFile: file(t, secret), CACert: fifo}},
	} {
		_, err := New(map[string][]Config{"shop": {cfg}}, nil)
		if err == nil || !strings.Contains(err.Error(), want+": read "+fifo+": not a regular file") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestNewListsUnusableFiles(t *testing.T) {
	t.Parallel()
	_, err := New(map[string][]Config{
		"shop": {{GitHub: &Host{Repository: "a/b", TokenFile: filepath.Join(t.TempDir(), "none")}}},
		"till": {
			{Webhook: &Webhook{URL: "https://x", SecretFile: file(t, "short")}},
			{Webhook: &Webhook{URL: "https://x", SecretFile: file(t, secret), CACert: file(t, "no PEM")}},
		},
	}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`source "shop"`, "no such file", `source "till"`, "at least 16 bytes", "no certificate found in PEM format"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}
