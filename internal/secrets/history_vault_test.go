// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// realOutsider changes the dev Vault with the root token.
type realOutsider struct {
	t *testing.T
	v *vaulttest.Vault
	a Address
	c *Client
}

func (o realOutsider) outsideWrite(kv.Entry) kv.Written {
	o.v.Write(o.t, o.a.Group, o.a.Name, "foreign")
	e := mustDescribe(o.t, o.c, o.a)
	return kv.Written{Version: e.Current, CreatedTime: formatTime(e.Versions[e.Current].Created)}
}

func (o realOutsider) outsideDelete(kv.Entry) {
	if mustDescribe(o.t, o.c, o.a).Live() {
		o.v.SoftDelete(o.t, o.a.Group, o.a.Name)
	}
}

func (o realOutsider) outsideUndelete(kv.Entry) {
	if e := mustDescribe(o.t, o.c, o.a); e.Current > 0 {
		o.v.Undelete(o.t, o.a.Group, o.a.Name, e.Current)
	}
}

func (o realOutsider) outsidePurge(kv.Entry) {
	if mustDescribe(o.t, o.c, o.a).Current > 0 {
		o.v.Purge(o.t, o.a.Group, o.a.Name)
	}
}

// TestHistoriesOnVault runs the histories of the model against the dev Vault.
// While an actor waits for time there, no other actor runs.
func TestHistoriesOnVault(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	token := v.Writer(t)
	kv, err := vault.New(vault.Settings{Address: v.Address, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	observer, err := NewClient(Config{KV: kv, Owner: "person/observer"})
	if err != nil {
		t.Fatal(err)
	}
	// rapid has one count for all properties, and Vault is slower than a model.
	const histories = 8
	ran := 0
	rapid.Check(t, func(rt *rapid.T) {
		if ran++; ran > histories {
			return
		}
		a := testAddress(t)
		h := &history{
			t: rt, kv: kv, settle: 20 * time.Millisecond, address: a, rule: byClaim,
			out: realOutsider{t, v, a, observer},
			quiesce: func(h *history) {
				for _, actor := range h.actors {
					for actor.running && actor.gate == nil {
						h.collect(<-h.events)
					}
				}
			},
		}
		if rapid.Bool().Draw(rt, "forger") {
			h.forger = newForger(t, rapid.Bool().Draw(rt, "authentic required"))
		}
		h.run(25)
		for _, rule := range h.broken {
			rt.Error(rule)
		}
	})
}
