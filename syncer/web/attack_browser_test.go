// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// evilSite is a web page of an attacker, at a host name of which the browser finds this machine. path
// is the page that it attacks.
func evilSite(t *testing.T, host, target string) string {
	t.Helper()
	const page = `<!doctype html><html lang="en"><title>Win</title><body>
<form method="post" action="%[1]s/add"><input type="hidden" name="name" value="forged"><input type="hidden" name="value" value="v"><button>Form</button></form>
<form method="post" enctype="multipart/form-data" action="%[1]s/add"><input type="hidden" name="name" value="forged"><input type="hidden" name="value" value="v"><button>Upload</button></form>
<form method="post" action="%[2]s/logout"><button>Logout</button></form>
<form method="post" action="%[2]s/login"><input type="hidden" name="login" value="2"><input type="hidden" name="password" value="x"><button>Login</button></form>
<p>read: <output id="read">-</output></p><iframe title="frame" src="%[1]s"></iframe>
<script>fetch("%[1]s", {credentials: "include"}).then(r => r.text()).then(t => read.value = t, () => read.value = "refused")</script>`
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/" {
			base, _, _ := strings.Cut(target, "/workflows")
			_, _ = fmt.Fprintf(w, page, target, base)
		}
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "https://" + host + ":" + u.Port() + "/"
}

func TestCSRFAndClickjackingInABrowser(t *testing.T) {
	t.Parallel()
	w, _ := secureWorld(t, nil)
	tab := w.open(t, w.rules(t, policy.Administrator, nil))
	page := w.url + "/workflows/" + w.workflow
	tab.Open(page)
	if !tab.Has("link", "Add secret") {
		t.Fatal(tab.Text())
	}
	w.proxy.Reset()
	for _, host := range []string{"evil.test", "evil.secrets.test"} {
		site := evilSite(t, host, page)
		for _, button := range []string{"Form", "Upload", "Logout", "Login"} {
			tab.Open(site)
			if text := tab.Text(); !strings.Contains(text, "refused") {
				t.Errorf("%s reads the page: %.200s", host, text)
			}
			tab.Follow("button", button)
			if tab.Status() != http.StatusForbidden || !strings.Contains(tab.Text(), "Another web page sent this request") {
				t.Errorf("%s from %s: %d\n%s", button, host, tab.Status(), tab.Text())
			}
		}
	}
	tab.ExpectMessage("frame-ancestors")
	tab.ExpectMessage("CORS")
	if w.writes() != 0 {
		t.Errorf("%d writes", w.writes())
	}
	tab.Open(page)
	if !tab.Has("button", "Log out") {
		t.Errorf("the session has ended:\n%s", tab.Text())
	}
}

func TestDNSRebindingInABrowser(t *testing.T) {
	t.Parallel()
	w, _ := secureWorld(t, nil)
	tab := browsertest.New(t)
	tab.Open(strings.Replace(w.url, "secrets.test", "rebound.test", 1) + "/login")
	if tab.Status() != http.StatusMisdirectedRequest || tab.Has("button", "Log in with Vault token") {
		t.Errorf("%d\n%s", tab.Status(), tab.Text())
	}
}
