// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/gitmirror"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// HookFileProblems reads the files that OpenHooks and the addresses of the daemon need, and
// lists what is wrong with them.
func (cfg *Config) HookFileProblems() (out problem.List) {
	_, err := webhook.New(cfg.Webhooks(), func(string) {}, nil)
	out.AddError("", err)
	_, err = notify.New(cfg.Notifications(), nil)
	out.AddError("", err)
	if cfg.RemoteAccess != nil {
		out.AddList("remote_access", cfg.RemoteAccess.fileProblems())
	}
	if cfg.Election != nil {
		_, err = election.New(*cfg.Election)
		out.AddError("", err)
	}
	return out
}

// SyncFileProblems reads the files that syncs need: credentials and certificate
// authorities, decryption keys and the keys of signers. It lists what is wrong with them.
// It does not read the files of suspended sources.
func (cfg *Config) SyncFileProblems() (out problem.List) {
	out.AddList("vault", cfg.Vault.Settings("").FileProblems())
	if cfg.Tidy != nil {
		out.AddList("tidy", cfg.TidySettings("").FileProblems())
	}
	_, err := cfg.FingerprintKeys()
	out.AddError("", err)
	for i, s := range cfg.Sources {
		if !s.Suspend {
			out.AddList(problem.Index("sources", i), s.fileProblems())
		}
	}
	return out
}

func (s Source) fileProblems() (out problem.List) {
	keys := s.Keyring()
	out.AddError("", keys.CheckFiles())
	_, err := signature.Load(s.Verify.Keys())
	out.AddError("verify", err)
	if remote, err := gitmirror.ParseRemote(s.Repository); s.IsRemote() && err == nil {
		out.AddError("", s.Remote.Access().CheckFiles(remote))
	}
	return out
}
