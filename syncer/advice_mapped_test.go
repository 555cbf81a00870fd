// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// mapEntry sets the only entry under map.
func (w *world) mapEntry(entry config.MapEntry) {
	entry.Workflow = w.workflow(1)
	w.cfg.Sources[0].Map = []config.MapEntry{entry}
}

// encrypted writes a file, and encrypts it with options of sops.
func (w *world) encrypted(file, plain string, options ...string) {
	w.t.Helper()
	write(w.t, w.repo, file, plain)
	w.sops(slices.Concat([]string{"encrypt"}, options, []string{"--in-place", file})...)
	w.commit()
}

// mapped commits a mapped file, and follows advice about it.
func mapped(entry config.MapEntry, plain string, options []string, follow func(w *world)) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.mapEntry(entry)
		w.encrypted(entry.File, plain, options...)
		return func() { follow(w) }
	}
}

// setEntry sets another entry under map.
func setEntry(entry config.MapEntry) func(w *world) { return func(w *world) { w.mapEntry(entry) } }

var (
	asDotenv   = []string{"--input-type", "dotenv", "--output-type", "dotenv"}
	asBinary   = []string{"--input-type", "binary"}
	production = config.MapEntry{File: ".env.production", Format: sopsfile.Dotenv}
	unknown    = config.MapEntry{File: "app.conf"}
	secretJSON = config.MapEntry{File: "key.json", Secret: "key"}
)

var mappedAdvice = []advice{
	{message: "has line ends of Windows (CRLF)", begin: func(w *world) func() {
		w.two()
		w.mapEntry(config.MapEntry{File: "app.env"})
		w.encrypted("app.env", "TOKEN=value\n")
		w.run("sed", "-i", `s/$/\r/`, "app.env")
		w.commit()
		return func() {
			w.run("sed", "-i", `s/\r$//`, "app.env")
			write(w.t, w.repo, ".gitattributes", "*.env text eol=lf\n")
			w.commit()
		}
	}},
	{message: "ends with a carriage return", begin: mapped(config.MapEntry{File: "app.env"}, "TOKEN=value\r\n", nil, func(w *world) {
		w.sops("decrypt", "--in-place", "app.env")
		w.run("sed", "-i", `s/\r$//`, "app.env")
		w.sops("encrypt", "--in-place", "app.env")
		w.commit()
	})},
	{message: "also between quotes; write the value between backquotes", begin: mapped(config.MapEntry{File: "app.ini"}, "token = \"a#b\"\n", nil, func(w *world) {
		w.sops("decrypt", "--in-place", "app.ini")
		w.run("sed", "-i", "s/^token.*/token = `a#b`/", "app.ini")
		w.sops("encrypt", "--in-place", "app.ini")
		w.commit()
	})},
	{message: "write line breaks as \\n and no quotes", begin: mapped(config.MapEntry{File: "app.env"}, "TOKEN=\"a\nB=b\"\n", nil, func(w *world) {
		w.sops("decrypt", "--in-place", "app.env")
		w.run("sed", "-i", `1s/.*/TOKEN=a\\nB=b/; 2d`, "app.env")
		w.sops("encrypt", "--in-place", "app.env")
		w.commit()
	})},
	{message: "which takes a file with this name as binary; decrypt it", begin: mapped(production, "TOKEN=value\n", nil, func(w *world) {
		w.again(production.File, asDotenv...)
	})},
	{message: "or set format: binary and secret in its map entry", begin: mapped(production, "TOKEN=value\n", nil,
		setEntry(config.MapEntry{File: production.File, Format: sopsfile.Binary, Secret: "production"}))},
	{message: "is not a key of a binary file", begin: mapped(secretJSON, `{"id": "value"}`, nil, func(w *world) { w.again(secretJSON.File, asBinary...) })},
	{message: "because the key data is not found", begin: mapped(secretJSON, `{"id": "value"}`, nil, func(w *world) { w.again(secretJSON.File, asBinary...) })},
	{message: "is not one encrypted text", begin: mapped(secretJSON, `{"data": ["value"]}`, nil, func(w *world) { w.again(secretJSON.File, asBinary...) })},
	{message: "give the file a content with sops edit", begin: mapped(config.MapEntry{File: "cert.pem", Secret: "cert"}, "", nil, func(w *world) {
		w.run("env", "SOPS_EDITOR=cp "+write(w.t, w.t.TempDir(), "content", "content"), tools.Path(w.t, "sops"), "edit", "cert.pem")
		w.commit()
	})},
	{message: "is empty, which SOPS does not authenticate", begin: mapped(config.MapEntry{File: "cert.pem", Secret: "cert"}, "", nil, func(w *world) {
		w.run("git", "rm", "-q", "cert.pem")
		w.commit()
	})},
	{message: "does not show its format; set format in its map entry", begin: mapped(unknown, "TOKEN=value\n", asDotenv,
		setEntry(config.MapEntry{File: unknown.File, Format: sopsfile.Dotenv}))},
	{message: "set format in its map entry, and for a binary file secret, too", begin: mapped(unknown, "TOKEN=value\n", nil,
		setEntry(config.MapEntry{File: unknown.File, Format: sopsfile.Binary, Secret: "conf"}))},
	{message: "remove the map entry of this file, and select it by files", begin: func(w *world) func() {
		w.two()
		w.mapEntry(config.MapEntry{File: "new.yaml"})
		w.add("new.yaml", oneSecret)
		return func() { w.cfg.Sources[0].Map = nil }
	}},
	{message: "for another file, add an entry under map", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Files = append(w.cfg.Sources[0].Files, "*.env")
		w.encrypted("app.env", "TOKEN=value\n")
		return func() { w.mapEntry(config.MapEntry{File: "app.env"}) }
	}},
	{message: "is a reserved name of SOPS; rename it", begin: mapped(config.MapEntry{File: "app.env"}, "sops=value\n", nil, func(w *world) {
		w.edit("app.env", "s/^sops=/name=/")
	})},
	{message: "has content after the end of its JSON document; remove it", begin: func(w *world) func() {
		w.two()
		w.add("new.json", `{"workflows": {"WF": {"new": "value"}}}`)
		good := w.read("new.json")
		write(w.t, w.repo, "new.json", good+"{}\n")
		w.commit()
		return func() {
			write(w.t, w.repo, "new.json", good)
			w.commit()
		}
	}},
	{message: "omit it for no limit", test: "advice_sources.txt"},
	{message: "both match this file; keep one", begin: func(w *world) func() {
		w.two()
		w.encrypted("app.env", "TOKEN=value\n")
		entry := config.MapEntry{File: "app.env", Workflow: w.workflow(1)}
		w.cfg.Sources[0].Map = []config.MapEntry{entry, {File: "*.env", Workflow: w.workflow(0)}}
		return func() { w.cfg.Sources[0].Map = []config.MapEntry{entry} }
	}},
}
