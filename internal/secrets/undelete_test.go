// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const commitID = "0123456789abcdef0123456789abcdef01234567"

// deleted is a secret that the client wrote and soft-deleted.
func deleted(t *testing.T, c *Client) Address {
	t.Helper()
	ctx, a := context.Background(), testAddress(t)
	w := Write{Address: a, Value: NewValue("own"), Provenance: Provenance{Revision: commitID, Origin: "a.yaml", SOPS1: EncodeFingerprint([]byte(commitID))}}
	if _, err := c.Put(ctx, w); err != nil {
		t.Fatal(err)
	}
	if done, err := c.Delete(ctx, a, claimIn(t, c, a)); done.Outcome != SoftDeleted || err != nil {
		t.Fatalf("deleting it: %v, %v", done, err)
	}
	return a
}

func TestUndeleteRestoresTheDeletedVersion(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	a := deleted(t, c)
	if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != Absent {
		t.Fatalf("once deleted: %s", verdict)
	}
	proxy.Reset()
	record, err := c.Undelete(context.Background(), a)
	if err != nil || record.Version != 1 || record.Revision != commitID || record.Origin != "a.yaml" || !record.Undeleted {
		t.Fatalf("undeleting: %+v, %v", record, err)
	}
	if got, want := requestsOf(proxy), "GET metadata, PUT capabilities, PATCH metadata, PUT undelete, GET metadata"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	e := mustDescribe(t, c, a)
	if verdict := Judge(shop, e, nil); verdict.State != InSync || e.Records[shop] != record {
		t.Errorf("afterwards: %s, %+v, want %+v", verdict, e.Records[shop], record)
	}
	if raw, ok := v.ReadAs(t, v.Reader(t, a.Group), a.Group, a.Name); !ok || raw != "own" {
		t.Errorf("the reader reads %q", raw)
	}
	proxy.AssertBlind(t)
	if _, err := c.Undelete(context.Background(), a); !errors.Is(err, ErrNotDeleted) {
		t.Errorf("undeleting what is live: %v", err)
	}
	// A write removes both marks from the record.
	if _, err := c.Put(context.Background(), Write{Address: a, Value: NewValue("next"), Observed: e}); err != nil {
		t.Fatal(err)
	}
	if r := mustDescribe(t, c, a).Records[shop]; r.Undeleted || r.Deleted {
		t.Errorf("a write left the mark: %+v", r)
	}
}

func TestUndeleteRejectsOtherVersions(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	for _, row := range []struct {
		name, want string
		prepare    func(t *testing.T, c *Client) Address
	}{
		{"a secret that never existed", "has no record of it", func(t *testing.T, _ *Client) Address { return testAddress(t) }},
		{"another writer wrote a newer version", "version 2 is newer", func(t *testing.T, c *Client) Address {
			a := deleted(t, c)
			v.Write(t, a.Group, a.Name, "foreign")
			return a
		}},
		{"another owner wrote a newer version", "version 2 is newer", func(t *testing.T, c *Client) Address {
			a := deleted(t, c)
			other, _ := realClient(t, v.Writer(t), cluster)
			if _, err := other.Put(ctx, Write{Address: a, Value: NewValue("other"), Observed: mustDescribe(t, c, a)}); err != nil {
				t.Fatal(err)
			}
			return a
		}},
		{"destroyed", "is destroyed", func(t *testing.T, c *Client) Address {
			a := deleted(t, c)
			v.Destroy(t, a.Group, a.Name, 1)
			return a
		}},
		{"another owner deleted it", "has no record of it", func(t *testing.T, _ *Client) Address {
			other, _ := realClient(t, v.Writer(t), cluster)
			return deleted(t, other)
		}},
		{"another writer deleted it before the release", "did not delete it", func(t *testing.T, c *Client) Address {
			a := testAddress(t)
			if _, err := c.Put(ctx, Write{Address: a, Value: NewValue("own")}); err != nil {
				t.Fatal(err)
			}
			v.SoftDelete(t, a.Group, a.Name)
			if done, err := c.Delete(ctx, a, claimIn(t, c, a)); done.Outcome != AlreadyDeleted || err != nil {
				t.Fatalf("%v, %v", done, err)
			}
			return a
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			a := row.prepare(t, c)
			proxy.Reset()
			_, err := c.Undelete(ctx, a)
			if !errors.Is(err, ErrNotDeleted) {
				t.Fatalf("got %v", err)
			}
			wantError(t, err, row.want)
			if got := strings.TrimPrefix(requestsOf(proxy), "GET mount, "); got != "GET metadata" {
				t.Errorf("asked %q", got)
			}
		})
	}
}

// TestUndeleteMayBeRepeated fails it at each of its requests.
func TestUndeleteMayBeRepeated(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, method := range []string{http.MethodPatch, http.MethodPut} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			c, proxy := realClient(t, v.Writer(t), shop)
			a := deleted(t, c)
			proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if r.Method == method && !strings.Contains(r.URL.Path, "capabilities") {
					return vaulttest.FailWith(http.StatusInternalServerError)
				}
				return vaulttest.Action{}
			})
			if _, err := c.Undelete(context.Background(), a); err == nil {
				t.Fatal("it succeeded without its request")
			}
			proxy.Reset()
			if e := mustDescribe(t, c, a); e.Live() {
				t.Error("it is live without its record")
			}
			if _, err := c.Undelete(context.Background(), a); err != nil {
				t.Fatal(err)
			}
			if verdict := Judge(shop, mustDescribe(t, c, a), nil); verdict.State != InSync {
				t.Errorf("afterwards: %s", verdict)
			}
		})
	}
}

// TestUndeleteOfAVersionThatExpires: Vault counts the time that it may live from the
// undelete.
func TestUndeleteOfAVersionThatExpires(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, _ := realClient(t, v.Writer(t), shop)
	a := deleted(t, c)
	v.SetDeleteVersionAfter(t, a.Group, a.Name, time.Hour)
	record, err := c.Undelete(context.Background(), a)
	if err != nil || record.Expires.IsZero() {
		t.Fatalf("undeleting: %+v, %v", record, err)
	}
	if e := mustDescribe(t, c, a); !e.Records[shop].Expires.Equal(e.Expires()) {
		t.Errorf("the record has the expiry %s, Vault %s", e.Records[shop].Expires, e.Expires())
	}
}
