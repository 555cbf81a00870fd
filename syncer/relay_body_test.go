// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
)

func TestAdoptReportsTheBodyThatRelayWrote(t *testing.T) {
	t.Parallel()
	w := newConnectionWorld(t)
	domain := w.cfg.Vault.Domain
	relaytest.OldData(t, w.vault, domain, domain)
	w.commitWith("connections:\n  aws:\n    main: {accessKeyID: AKIA, secretAccessKey: two}\n")
	if rep := w.sync(true); len(rep.RelayBodies) > 0 || rep.RelayBodiesErr != nil {
		t.Errorf("a new connection: %v, %v", rep.RelayBodies, rep.RelayBodiesErr)
	}
	// Relay's programs write over the connection: the repair leaves their body, too.
	relaytest.WriteOld(t, w.vault, "connections/"+domain+"/aws/main", relaytest.OldBody)
	rep := w.sync(true)
	if rep.Summary().Repair != 1 {
		t.Fatalf("%+v\n%s", rep.Summary(), w.text())
	}
	path := "connections/" + domain + "/" + relaytest.OldBody
	remove := "vault kv metadata delete -mount=customers " + path + "/accessKeyID"
	for _, want := range []string{relaytest.OldBody + ": accessKeyID, secretAccessKey; it was a body of aws/main, or aws/production uses it.", "\n        " + remove + "\n"} {
		if !strings.Contains(w.text(), want) {
			t.Errorf("the report does not contain %q:\n%s", want, w.text())
		}
	}
	var asJSON struct {
		Sources []struct {
			RelayBodies []struct {
				Path                     string
				Fields, Checks, Commands []string
				WasOf                    []string `json:"was_of"`
				UsedBy                   []string `json:"used_by"`
			} `json:"relay_bodies"`
		}
	}
	if err := json.Unmarshal(w.output[fmt.Sprint("json ", len(w.output)-3)], &asJSON); err != nil {
		t.Fatal(err)
	}
	found := asJSON.Sources[0].RelayBodies
	if len(found) != 1 || found[0].Path != path || fmt.Sprint(found[0].Fields, found[0].WasOf, found[0].UsedBy) != "[accessKeyID secretAccessKey] [aws/main] [aws/production]" ||
		found[0].Commands[0] != remove || len(found[0].Checks) != 1 {
		t.Errorf("JSON: %+v", found)
	}
	var log bytes.Buffer
	logSync(slog.New(slog.NewTextHandler(&log, nil)), rep)
	if !strings.Contains(log.String(), "level=WARN msg=\"body of Relay stays live\"") || !strings.Contains(log.String(), remove) {
		t.Errorf("log:\n%s", log.String())
	}
	w.proxy.Reset()
	if rep := w.sync(true); len(rep.RelayBodies) > 0 {
		t.Errorf("an unchanged connection reports %v", rep.RelayBodies)
	}
}
