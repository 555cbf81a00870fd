// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A repair waits because the record of another owner may still follow. It then stops, also
// if that owner was the last one before.
func TestRepairStopsWhenTheRecordOfAnotherOwnerFollows(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]bool{"the first version of the other owner": true, "a newer version of the other owner": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				kv, a := newModelKV(), testScope.Secret("token")
				clients := map[Owner]*Client{}
				for _, owner := range []Owner{shop, cluster} {
					c, err := NewClient(Config{KV: kv, Owner: owner})
					if err != nil {
						t.Fatal(err)
					}
					clients[owner] = c
				}
				if !first {
					mustPut(t, clients[cluster], Write{Address: a, Value: NewValue("one")})
				}
				out := kv.outsideWrite(entryOf(a))
				created, _ := parseTime(out.CreatedTime)
				maybe := &Written{Version: out.Version, Created: created}
				observed := mustDescribe(t, clients[shop], a)
				result := make(chan error)
				go func() {
					_, err := clients[shop].Put(t.Context(), Write{Address: a, Value: NewValue("repair"), Observed: observed, Baseline: maybe})
					result <- err
				}()
				time.Sleep(DefaultSettle / 2)
				record := Record{Version: out.Version, Time: created}
				if err := clients[cluster].writeRecord(t.Context(), a, record, FingerprintKeys{}); err != nil {
					t.Fatal(err)
				}
				if err := <-result; !errors.Is(err, ErrConflict) {
					t.Errorf("the repair: %v, want a conflict", err)
				}
				if e := mustDescribe(t, clients[cluster], a); Judge(cluster, e, nil).State != InSync {
					t.Errorf("the other owner: %s", Judge(cluster, e, nil))
				}
			})
		})
	}
}
