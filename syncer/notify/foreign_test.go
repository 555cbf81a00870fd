// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
)

// TestHostileTextReachesNoReceiverRaw checks the body, which a receiver may log, and the
// problems and causes in it, which a receiver may show.
func TestHostileTextReachesNoReceiverRaw(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 201)
	r := start(t, Config{Webhook: &Webhook{URL: s.URL, SecretFile: file(t, secret)}}, Config{GitLab: &Host{URL: s.URL, Repository: "a/b", TokenFile: file(t, token)}})
	failed, waiting := broken, waitsFor("a")
	failed.Branch, failed.Problems = "", nil
	pending := *waiting.Pending
	pending.Causes = nil
	for _, text := range foreigntest.Texts {
		failed.Branch += text
		failed.Problems = append(failed.Problems, text+"\n  "+text)
		pending.Causes = append(pending.Causes, text)
	}
	waiting.Branch, waiting.Pending = failed.Branch, &pending
	r.Send(failed)
	r.Send(waiting)
	r.until(sent, 4)
	for _, request := range s.requests() {
		foreigntest.Check(t, request.Body+"\n")
		var body struct {
			Ref  string
			Data struct {
				Branch           string
				Problems, Causes []string
			}
		}
		if err := json.Unmarshal([]byte(request.Body), &body); err != nil {
			t.Fatal(err)
		}
		if body.Ref+body.Data.Branch != string([]rune(failed.Branch)) {
			t.Errorf("the branch is another one: %.300q", body.Ref+body.Data.Branch)
		}
		for _, text := range append(body.Data.Problems, body.Data.Causes...) {
			foreigntest.CheckText(t, text+"\n")
			if !strings.Contains(text, foreigntest.Canary) {
				t.Errorf("the text is not in %.300q", text)
			}
		}
	}
}
