// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

func TestStatusAndAdviceOfEveryError(t *testing.T) {
	t.Parallel()
	missing := &secrets.MissingCapabilityError{Rules: []string{`path "a" { capabilities = ["b"] }`, `path "c" { capabilities = ["d"] }`}}
	vault := func(cause error, status int) error {
		return fmt.Errorf("write: %w", &kv.Error{Op: "write", Path: "customers/data/x", Cause: cause, Status: status})
	}
	for _, c := range []struct {
		err    error
		status int
		advice string
	}{
		{missing, http.StatusForbidden, "Ask an administrator of Vault to add:"},
		{fmt.Errorf("x: %w: %w", secrets.ErrNoRecord, missing), http.StatusBadGateway, "The change was made"},
		{fmt.Errorf("x: %w: %w", secrets.ErrNoRecord, vault(kv.ErrSealed, 503)), http.StatusBadGateway, "The change was made"},
		{fmt.Errorf("x: %w: %w", secrets.ErrOutcomeUnknown, vault(kv.ErrUnavailable, 0)), http.StatusBadGateway, "may or may not have happened"},
		{fmt.Errorf("x: %w: %w", secrets.ErrOutcomeUnknown, vault(kv.ErrPermissionDenied, 403)), http.StatusBadGateway, "may or may not have happened"},
		{syncer.ErrNotRecorded, http.StatusInternalServerError, "nothing was changed"},
		{syncer.ErrResultNotRecorded, http.StatusInternalServerError, "The change was made"},
		{errors.Join(secrets.ErrConflict, syncer.ErrResultNotRecorded), http.StatusConflict, "Nothing was written"},
		{secrets.ErrConflict, http.StatusConflict, "since you opened this form"},
		{&secrets.NotOwnerError{Owner: "terraform/prod"}, http.StatusConflict, "the Terraform configuration prod"},
		{&secrets.NotOwnerError{}, http.StatusConflict, "no record shows who wrote it"},
		{secrets.ErrNotDeleted, http.StatusConflict, "Nothing was changed"},
		{secrets.ErrTidying, http.StatusConflict, "Try again in 20 minutes"},
		{person.ErrNoEntity, http.StatusForbidden, "Nothing was written"},
		{person.ErrBatchToken, http.StatusForbidden, "Nothing was written"},
		{fmt.Errorf("team: %w", person.ErrNotMember), http.StatusForbidden, "Nothing was written"},
		{&missingRightError{"line", true}, http.StatusForbidden, "to approve plans"},
		{&missingRightError{"line", false}, http.StatusForbidden, "do not permit this. Ask an administrator"},
		{errNoDaemon, http.StatusBadGateway, "Ask who runs this page"},
		{errNothingPending, http.StatusConflict, "waits for approval any more"},
		{errPlanChanged, http.StatusConflict, "Read the new plan"},
		{fmt.Errorf("x: %w", plan.ErrDocument), http.StatusBadGateway, "the same version"},
		{secrets.ErrTokenRejected, http.StatusUnauthorized, "Log in again"},
		{vault(kv.ErrInvalidToken, 403), http.StatusUnauthorized, "Log in again"},
		{vault(kv.ErrSealed, 503), http.StatusServiceUnavailable, "unseal it"},
		{vault(kv.ErrRateLimited, 429), http.StatusTooManyRequests, "Try again in some seconds"},
		{vault(kv.ErrNoMount, 404), http.StatusBadGateway, "Ask who runs the page"},
		{vault(kv.ErrPermissionDenied, 403), http.StatusForbidden, "do not permit this"},
		{vault(kv.ErrUnreachable, 0), http.StatusServiceUnavailable, "cannot reach Vault"},
		{vault(kv.ErrUnavailable, 502), http.StatusServiceUnavailable, "cannot reach Vault"},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, "cannot reach Vault"},
		{vault(kv.ErrMalformed, 200), http.StatusBadGateway, "look at its log"},
		{vault(kv.ErrLoginFailed, 400), http.StatusBadGateway, "look at its log"},
		{errNotFound, http.StatusNotFound, "never created"},
		{form.ErrTooLarge, http.StatusRequestEntityTooLarge, "nothing was written"},
		{form.ErrMalformed, http.StatusBadRequest, "Load the page again"},
		{errBusy, http.StatusTooManyRequests, "Try again in some seconds"},
		{fmt.Errorf("name: %w", secrets.ErrInvalid), http.StatusUnprocessableEntity, "Nothing was written"},
		{errors.New("x"), http.StatusInternalServerError, "Its log has more"},
	} {
		got := viewOf(c.err)
		if got.Status != c.status || !strings.Contains(got.Text, c.advice) || got.Title == "" {
			t.Errorf("%v: %+v", c.err, got)
		}
		if got.Ended != (c.status == http.StatusUnauthorized) {
			t.Errorf("%v: the session ends: %v", c.err, got.Ended)
		}
	}
	if got := viewOf(missing).Policy; got != strings.Join(missing.Rules, "\n") {
		t.Errorf("the lines of policy are %q", got)
	}
}

// fault lets requests of a kind fail, from now on.
func (w *world) fault(method, path string, how vaulttest.Action) {
	w.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if (method == "" || r.Method == method) && strings.Contains(r.URL.Path, path) {
			return how
		}
		return vaulttest.Action{}
	})
}

func TestFaultsOfVaultDuringAWriteAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	add := func(name string) response {
		return b.post("/workflows/"+w.workflow+"/add", url.Values{"name": {name}, "value": {"v"}})
	}
	w.fault(http.MethodPut, "/data/", vaulttest.CutAt(vaulttest.After))
	if r := add("lost"); r.status != http.StatusBadGateway || !strings.Contains(r.body, "Outcome unknown") || w.version(t, "lost") != 1 {
		t.Errorf("the answer is lost: %d, version %v\n%s", r.status, w.version(t, "lost"), r.main())
	}
	w.fault(http.MethodPatch, "/metadata/", vaulttest.FailWith(http.StatusForbidden))
	if r := add("bare"); r.status != http.StatusBadGateway || !strings.Contains(r.body, "Changed without its record") || w.version(t, "bare") != 1 {
		t.Errorf("the record is not written: %d, version %v\n%s", r.status, w.version(t, "bare"), r.main())
	}
	w.fault("", "/v1/", vaulttest.CutAt(vaulttest.Before))
	if r := add("none"); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "cannot reach Vault") {
		t.Errorf("no answer: %d\n%s", r.status, r.main())
	}
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	stranger := w.browser(t)
	r := stranger.begin(name, password)
	if r.status != http.StatusServiceUnavailable || strings.Contains(r.body, "Details") || strings.Contains(r.body, "/v1") || strings.Contains(r.body, "127.0.0.1") {
		t.Errorf("for a stranger: %d\n%s", r.status, r.main())
	}
	w.proxy.Hook(nil)
	if w.version(t, "none") != 0 {
		t.Error("a value was written")
	}
	if r := stranger.begin(name, password); r.status != http.StatusSeeOther {
		t.Errorf("an attempt without an answer counts as failed: %d", r.status)
	}
}

func TestNothingIsWrittenWithoutAnAuditLine(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatal("this test needs /dev/full, a file that is always full")
	}
	w := newWorld(t, func(cfg *config.Web) { cfg.Audit = "/dev/full" })
	token, _ := w.Person(t, w.rules(t, policy.Administrator, nil))
	b := w.browser(t)
	b.beginWith(token)
	w.Write(t, w.workflow, "existing", "x")
	w.proxy.Reset()
	page := "/workflows/" + w.workflow
	for path, fields := range map[string]url.Values{page + "/add": {"name": {"a"}, "value": {"v"}}, "/connections/add": {"type": {"custom"}, "name": {"a"}, "field.a": {"v"}}} {
		if r := b.post(path, fields); r.status != http.StatusInternalServerError || !strings.Contains(r.body, "Not recorded") {
			t.Errorf("%s: %d\n%s", path, r.status, r.main())
		}
	}
	r := b.attack(request{method: http.MethodPost, path: "/api" + page + "/secrets", body: `{"name":"a","value":"v"}`, header: map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"}})
	if r.status < 500 {
		t.Errorf("the API: %d %s", r.status, r.body)
	}
	if w.writes() != 0 {
		t.Errorf("%d writes", w.writes())
	}
}

func TestInvalidFieldIsNamedBesideIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Administrator, nil))
	page := "/workflows/" + w.workflow
	for _, c := range []struct {
		path   string
		fields url.Values
		advice string
	}{
		{page + "/add", url.Values{"name": {"a/b"}, "value": {"v"}}, `<label for="name">Name</label>` + "\n" + `<p class="error">secret name`},
		{page + "/add", url.Values{"name": {"a"}, "value": {""}}, "the value is empty"},
		{page + "/add", url.Values{"name": {"a"}, "kind": {"file"}}, "choose a file"},
		{page + "/add", url.Values{"name": {"a"}, "value": {"v"}, "reason": {strings.Repeat("r", 501)}}, "must have at most 500 bytes"},
		{page + "/secrets/a/delete", url.Values{"seen_version": {"x"}}, "The form is incomplete"},
		{page + "/secrets/a/delete", url.Values{"seen_version": {"1"}, "takeover": {"1"}}, "a takeover needs a reason"},
		{page + "/secrets/a/replace", url.Values{"seen_version": {"1"}, "takeover": {"1"}, "reason": {"r"}, "again": {"b"}, "value": {"v"}}, "must be the name: a"},
		{"/connections/add", url.Values{"type": {"custom"}, "name": {"a"}}, "a connection needs at least one field"},
		{"/connections/add", url.Values{"type": {"custom"}, "name": {"a"}, "field.a/b": {"v"}}, "field name"},
		{"/connections/add", url.Values{"type": {"custom"}, "name": {"a"}, "field.a": {strings.Repeat("v", w.server.maxValueBytes()+1)}}, ""},
	} {
		r := b.post(c.path, c.fields)
		if c.advice == "" {
			if r.status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d\n%s", c.path, r.status, r.main())
			}
			continue
		}
		if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, c.advice) || !strings.Contains(r.body, "Nothing was") {
			t.Errorf("%s %v: %d, without %q\n%s", c.path, c.fields, r.status, c.advice, r.main())
		}
	}
	if w.writes() != 0 {
		t.Errorf("%d writes", w.writes())
	}
}
