// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// bodies are bodies of successful requests, by operation.
var bodies = map[string]string{
	"POST /api/workflows/{workflow}/secrets":         `{"name":"new","value":"x"}`,
	"PUT /api/workflows/{workflow}/secrets/{secret}": `{"value":{"$encoding":"base64","data":"AA=="}}`,
	"POST /api/connections":                          `{"name":"new","type":"github","auth":{"type":"secret","fields":{"accessToken":"x"}}}`,
	"PUT /api/connections/{connection}":              `{"name":"a","auth":{"type":"secret","fields":{"accessToken":{"$encoding":"","data":"x"}}}}`,
}

// example is a request that produces a status.
type example struct {
	w                 *world
	token, path, body string
	header            http.Header
	// vault is the status of all of Vault's responses; 0 for Vault's own.
	vault int
}

// examples are the worlds and tokens for requests that fail.
type examples struct {
	w *world
	// broken cannot write its audit file, bare has no domain and no daemon.
	broken, bare *world
	// other is a person with the same rights, none one without any.
	other, none, revision string
}

// of is a request of an operation that produces a status.
func (x examples) of(one route, status int) example {
	out := example{w: x.w, token: x.w.token, path: x.path(x.w, one, "a", "a"), body: bodies[one.method+" "+one.path]}
	switch status {
	case http.StatusBadRequest:
		out.body = "{"
	case http.StatusUnauthorized:
		out.token = "wrong"
	case http.StatusForbidden:
		out.token = x.none
	case http.StatusNotFound:
		out.path, out.body = x.path(x.w, one, "absent", "absent"), strings.Replace(out.body, `"name":"a",`, "", 1)
		if one.path == "/api/connections" || one.path == "/api/workflows/{workflow}" {
			out.w, out.token, out.path = x.bare, x.bare.token, x.path(x.bare, one, "", "")
		}
	case http.StatusConflict:
		out.token, out.body = x.other, strings.Replace(out.body, `"name":"new"`, `"name":"a"`, 1)
	case http.StatusRequestEntityTooLarge:
		out.body = strings.Repeat(" ", 1<<20) + out.body
	case http.StatusUnsupportedMediaType:
		out.header = http.Header{"Content-Type": {"text/plain"}}
	case http.StatusUnprocessableEntity:
		out.path, out.body = x.path(x.w, one, "%2F", "%2F"), strings.Replace(out.body, `"name":"new"`, `"name":"/"`, 1)
	case http.StatusInternalServerError:
		out.w, out.token, out.path = x.broken, x.broken.token, x.path(x.broken, one, "a", "a")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		out.vault = status
	case http.StatusBadGateway:
		out.vault = http.StatusBadRequest
	}
	return out
}

// path is the path of an operation.
func (x examples) path(w *world, one route, secret, connection string) string {
	workflow, revision := w.workflow, x.revision
	switch secret {
	case "%2F":
		workflow = secret
	case "absent":
		revision = secret
	}
	return strings.NewReplacer("{workflow}", workflow, "{secret}", secret, "{connection}", "github:"+connection, "{revision}", revision).Replace(one.path)
}

func TestEveryDocumentedStatusHappensAndNoOther(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	x := examples{bare: newWorld(t, v, func(c *Config) { c.Domain = "" })}
	client := daemonWith(t, func() report.Inventory {
		return report.Inventory{Mount: "customers", Prefix: "workflows", Workflows: []report.Workflow{{Name: x.w.workflow, MissingKnown: true}}}
	})
	x.w = newWorld(t, v, func(c *Config) { c.Daemon = client })
	x.broken = newWorld(t, v, nil)
	x.bare.document, x.broken.document = x.w.document, x.w.document
	x.other = x.w.person(t, policy.Administrator)
	x.none, _ = v.Person(t, `path "cubbyhole/x" { capabilities = ["read"] }`)
	for _, w := range []*world{x.w, x.broken} {
		w.create(t, "a", "x")
		w.send(t, http.MethodPost, "/api/connections", strings.Replace(bodies["POST /api/connections"], "new", "a", 1))
	}
	if err := errors.Join(os.Remove(x.broken.auditPath), os.Mkdir(x.broken.auditPath, 0o700)); err != nil {
		t.Fatal(err)
	}
	x.revision = x.w.send(t, http.MethodGet, "/api/workflows/"+x.w.workflow, "").Workflow.LatestRevision.ID

	documented := x.w.operations()
	for _, one := range routes { // failures first: a success can delete what others need
		statuses := append(slices.DeleteFunc(allStatuses(), func(status int) bool { return status == one.status }), one.status)
		for _, status := range statuses {
			if !slices.Contains(documented, operationName(one, status)) {
				continue
			}
			got := x.of(one, status).send(t, one.method)
			if got.Status != status {
				t.Errorf("%s: got %d %s", operationName(one, status), got.Status, got.Text)
			}
		}
		if body := bodies[one.method+" "+one.path]; body != "" {
			if err := x.w.check(one, 0, []byte(body)); err != nil {
				t.Errorf("the body of %s %s: %v", one.method, one.path, err)
			}
		}
	}
	for _, one := range documented {
		if !x.w.seen[one] {
			t.Errorf("never happened: %s", one)
		}
	}
}

// send sends the request of an example.
func (x example) send(t *testing.T, method string) answer {
	t.Helper()
	x.w.proxy.Reset()
	if x.vault != 0 {
		x.w.proxy.Hook(func(int, *http.Request) vaulttest.Action { return vaulttest.FailWith(x.vault) })
	}
	return x.w.sendAs(t, x.token, method, x.path, x.body, x.header)
}

// allStatuses are those of all kinds of errors, and of successes.
func allStatuses() (all []int) {
	for status := http.StatusOK; status < 600; status++ {
		all = append(all, status)
	}
	return all
}

func TestTooManyRequestsOfOneTokenAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	var ends []func()
	for range maxPerToken {
		end, _ := w.handler.underWay.begin(w.token)
		ends = append(ends, end)
	}
	got := w.send(t, http.MethodGet, w.secretPath(""), "")
	if got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" || !strings.Contains(got.Text, "too many requests are under way at once; wait for the answers of the others") {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	if got := w.sendAs(t, w.person(t, policy.Viewer), http.MethodGet, w.secretPath(""), "", nil); got.Status != http.StatusOK {
		t.Errorf("of another token: %d %s", got.Status, got.Text)
	}
	for _, end := range ends {
		end()
	}
	if got := w.send(t, http.MethodGet, w.secretPath(""), ""); got.Status != http.StatusOK {
		t.Errorf("after the others: %d %s", got.Status, got.Text)
	}
}
