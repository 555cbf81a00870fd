// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// wire is the KV of an actor.
type wire struct{ a *actor }

func (w wire) pass(what string, do func() error) error {
	next := make(chan fate)
	w.a.h.events <- event{actor: w.a, fate: next, what: what}
	f := <-next
	switch f {
	case diesBefore:
		w.a.h.crashed(w.a)
		panic(died{})
	case lost:
		return refusal(kv.ErrUnavailable, 0)
	case refused:
		return refusal(kv.ErrPermissionDenied, http.StatusForbidden)
	case late:
		w.a.h.delayed = append(w.a.h.delayed, do)
		return refusal(kv.ErrUnavailable, 0)
	}
	err := do()
	switch f {
	case diesAfter:
		w.a.h.crashed(w.a)
		panic(died{})
	case answerLost:
		return refusal(kv.ErrUnavailable, http.StatusBadGateway)
	}
	return err
}

func (w wire) ReadMetadata(ctx context.Context, e kv.Entry) (m kv.Metadata, err error) {
	err = w.pass("observe", func() (err error) {
		m, err = w.a.h.kv.ReadMetadata(ctx, e)
		w.a.saw = w.a.h.ownRecord(w.a.owner).Version
		return err
	})
	return m, err
}

func (w wire) WriteData(ctx context.Context, e kv.Entry, value string, cas int) (out kv.Written, err error) {
	err = w.pass("write", func() (err error) {
		before := w.a.h.view(w.a.owner)
		if out, err = w.a.h.kv.WriteData(ctx, e, value, cas); err == nil {
			w.a.h.wrote(w.a, before, out)
		}
		return err
	})
	return out, err
}

func (w wire) PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	saw := w.a.saw // when it was sent: it may arrive late
	return w.pass("record", func() error {
		for key, text := range fields["custom_metadata"].(map[string]any) {
			w.a.h.records(w.a, saw, key, text.(string))
		}
		return w.a.h.kv.PatchMetadata(ctx, e, fields)
	})
}

func (w wire) CreateMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	return w.pass("describe", func() error { return w.a.h.kv.CreateMetadata(ctx, e, fields) })
}

func (w wire) DeleteMetadata(ctx context.Context, e kv.Entry) error {
	return w.pass("remove", func() error { return w.a.h.kv.DeleteMetadata(ctx, e) })
}

func (w wire) DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("delete", func() error {
		w.a.h.deletes(w.a, versions)
		return w.a.h.kv.DeleteVersions(ctx, e, versions...)
	})
}

func (w wire) UndeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("undelete", func() error {
		w.a.h.undeletes(w.a, versions)
		return w.a.h.kv.UndeleteVersions(ctx, e, versions...)
	})
}

func (w wire) DestroyVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("destroy", func() error {
		w.a.h.deletes(w.a, versions)
		return w.a.h.kv.DestroyVersions(ctx, e, versions...)
	})
}

func (w wire) Close(context.Context) error { return nil }

func (w wire) List(ctx context.Context, e kv.Entry) (names []string, err error) {
	err = w.pass("list", func() (err error) { names, err = w.a.h.kv.List(ctx, e); return })
	return names, err
}

func (w wire) Capabilities(ctx context.Context, namespace string, paths ...string) (map[string][]string, error) {
	return w.a.h.kv.Capabilities(ctx, namespace, paths...)
}

func (w wire) ReadMount(ctx context.Context, namespace, mount string) (kv.Mount, error) {
	return w.a.h.kv.ReadMount(ctx, namespace, mount)
}
