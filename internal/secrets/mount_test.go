// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

func described(path, kind, version string) kv.Mount {
	out := kv.Mount{Path: path, Type: kind, UUID: "the-uuid"}
	out.Options.Version = version
	return out
}

func TestJudgeMount(t *testing.T) {
	t.Parallel()
	root, team := Scope{Mount: "shop"}, Scope{Namespace: "team/a", Mount: "shop"}
	for _, row := range []struct {
		name   string
		in     Scope
		answer kv.Mount
		err    error
		proven bool
		want   string // in the error; empty for none
	}{
		{"version 2", root, described("shop/", "kv", "2"), nil, true, ""},
		{"version 1", root, described("shop/", "kv", "1"), nil, false, `mount "shop" is a KV version 1 mount; enable version 2:` + "\n  vault kv enable-versioning shop"},
		{"version 1 without an option", root, described("shop/", "kv", ""), nil, false, "is a KV version 1 mount"},
		{"version 1 in a namespace", team, described("shop/", "kv", "1"), nil, false, "vault kv enable-versioning -namespace=team/a shop"},
		{"version 1 with a space in its name", Scope{Mount: "my shop"}, described("my shop/", "kv", "1"), nil, false, "enable-versioning 'my shop'"},
		{"another engine", root, described("shop/", "transit", ""), nil, false, `has a secrets engine of type "transit"`},
		{"a path inside the mount", Scope{Mount: "shop/eu"}, described("shop/", "kv", "2"), nil, false, `set the mount to "shop", and begin the prefix with "eu"`},
		{"another mount", Scope{Mount: "shopping"}, described("shop/", "kv", "2"), nil, false, `no KV v2 secrets engine found at mount "shopping"`},
		{"denied, as without a mount", root, kv.Mount{}, refusal(kv.ErrPermissionDenied, 403), false, ""},
		{"a proxy blocks the path", root, kv.Mount{}, refusal(kv.ErrProxyDenied, 403), false, ""},
		{"not found", root, kv.Mount{}, refusal(kv.ErrNotFound, 404), false, ""},
		{"sealed", root, kv.Mount{}, refusal(kv.ErrSealed, 503), false, "sealed"},
		{"unavailable", root, kv.Mount{}, refusal(kv.ErrUnavailable, 502), false, "unavailable"},
		{"an invalid token", root, kv.Mount{}, refusal(kv.ErrInvalidToken, 403), false, "invalid"},
		{"a canceled request", root, kv.Mount{}, context.Canceled, false, "canceled"},
	} {
		got, err := judgeMount(row.in, row.answer, row.err)
		if got.proven != row.proven || got.proven && got.info.UUID != "the-uuid" {
			t.Errorf("%s: %+v", row.name, got)
		}
		wantErrorOrNone(t, row.name, err, row.want)
		if row.err == nil && err != nil && (!errors.Is(err, ErrMount) || !AffectsAll(err) || Unavailable(err)) {
			t.Errorf("%s: not an error of the mount that affects all: %v", row.name, err)
		}
	}
}

func TestJudgeProbe(t *testing.T) {
	t.Parallel()
	in := Scope{Mount: "shop"}
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"the entry exists", nil, ""},
		{"404 without text", refusal(kv.ErrNotFound, 404), ""},
		{"OpenBao requires metadata_cas", refusal(kv.ErrMetadataCAS, 400), ""},
		{"405", refusal(kv.ErrUnsupported, 405), "vault kv enable-versioning shop"},
		{"no handler for route", refusal(kv.ErrNoMount, 404), `no KV v2 secrets engine found at mount "shop"`},
		{"no patch", refusal(kv.ErrPermissionDenied, 403), "allow GET sys/internal/ui/mounts/shop in the proxy"},
		{"not Vault", refusal(kv.ErrMalformed, 404), "verify that mount"},
		{"unavailable", refusal(kv.ErrUnavailable, 503), "unavailable"},
	} {
		err := judgeProbe(in, row.err)
		wantErrorOrNone(t, row.name, err, row.want)
		if wantMount := row.want != "" && row.name != "unavailable"; errors.Is(err, ErrMount) != wantMount {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func wantErrorOrNone(t *testing.T, name string, err error, want string) {
	t.Helper()
	if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %q", name, err, want)
	}
}
