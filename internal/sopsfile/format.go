// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"
)

// Format is the format of a mapped file, as the options --input-type and --output-type of
// sops name it.
type Format string

// The formats.
const (
	YAML   Format = "yaml"
	JSON   Format = "json"
	Dotenv Format = "dotenv"
	INI    Format = "ini"
	Binary Format = "binary"
)

// Formats are all formats.
func Formats() []Format { return []Format{YAML, JSON, Dotenv, INI, Binary} }

// FormatOf is the format of a mapped file by its name, as sops determines it; empty if
// the name does not show it. sops takes such a file as binary.
func FormatOf(name string) Format {
	switch {
	case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".yml"):
		return YAML
	case strings.HasSuffix(name, ".json"):
		return JSON
	case strings.HasSuffix(name, ".env"):
		return Dotenv
	case strings.HasSuffix(name, ".ini"):
		return INI
	}
	return ""
}

// format is one syntax with its two readers and its layout.
type format struct {
	layout layout
	plain  func([]byte, *Problems) node
	store  interface {
		LoadEncryptedFile([]byte) (sops.Tree, error)
	}
	// carriageReturns means that line ends of Windows become parts of values.
	carriageReturns bool
	// openQuote is why a value may begin with a quote that is not closed, and what to do;
	// empty where such a value is complete.
	openQuote string
}

const (
	openQuoteDotenv = "because sops takes each line as a value of its own; write line breaks as \\n and no quotes, and encrypt the file again"
	openQuoteINI    = "because sops drops a # or ; and what follows it, also between quotes; write the value between backquotes, and encrypt the file again"
)

// manifestFormat returns the format of a manifest, by its suffix as the sops command does.
func manifestFormat(name string) (format, bool) {
	switch FormatOf(name) {
	case YAML:
		return format{layout: manifestLayout, plain: readYAML, store: yamlStore()}, true
	case JSON:
		return format{layout: manifestLayout, plain: readJSON, store: jsonStore()}, true
	case Dotenv, INI, Binary:
	}
	return format{}, false
}

// format returns the format of a mapped file.
func (m Mapping) format(name string) (format, bool) {
	byName := FormatOf(name)
	chosen := m.Format
	switch {
	case chosen == "" && m.Secret != "":
		chosen = Binary
	case chosen == "":
		chosen = byName
	}
	switch chosen {
	case YAML:
		return format{layout: m.flat(plainKey, "NAME: value"), plain: unlessBinary(byName, YAML, readYAML), store: yamlStore()}, true
	case JSON:
		return format{layout: m.flat(plainKey, `"NAME": "value"`), plain: unlessBinary(byName, JSON, readJSON), store: jsonStore()}, true
	case Dotenv:
		store := dotenv.NewStore(&config.DotenvStoreConfig{})
		return format{layout: m.flat(withoutExport, "NAME=value"), plain: unlessJSON(Dotenv, readDotenv), store: store, carriageReturns: true, openQuote: openQuoteDotenv}, true
	case INI:
		return format{layout: m.sections(), plain: unlessJSON(INI, readINI), store: ini.NewStore(&config.INIStoreConfig{}), openQuote: openQuoteINI}, true
	case Binary:
		if byName == YAML {
			return format{layout: m.binary(), plain: readYAML, store: yamlStore()}, true
		}
		return format{layout: m.binary(), plain: readJSON, store: json.NewBinaryStore(&config.JSONBinaryStoreConfig{})}, true
	}
	return format{}, false
}

func yamlStore() *yaml.Store { return yaml.NewStore(&config.YAMLStoreConfig{}) }

func jsonStore() *json.Store { return json.NewStore(&config.JSONStoreConfig{}) }

// wroteBinary is the problem of a file whose name does not show its format: sops then
// writes all of it as one value, in JSON.
const wroteBinary = "is a binary file of sops, which takes a file with this name as binary; decrypt it, and encrypt it with --input-type %[1]s --output-type %[1]s, or set format: binary and secret in its map entry"

// unlessJSON is a reader that reports JSON in place of lines.
func unlessJSON(chosen Format, read func([]byte, *Problems) node) func([]byte, *Problems) node {
	return func(data []byte, problems *Problems) node {
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
			problems.add(1, nil, wroteBinary, chosen)
			return node{}
		}
		return read(data, problems)
	}
}

// unlessBinary is a reader that reports a binary file, unless its name shows that sops did
// not write it as binary: otherwise the whole file would become a secret with the name data.
func unlessBinary(byName, chosen Format, read func([]byte, *Problems) node) func([]byte, *Problems) node {
	if byName == YAML || byName == JSON {
		return read
	}
	return func(data []byte, problems *Problems) node {
		root := read(data, problems)
		other := func(e entry) bool { return e.key != sopsKey && e.key != binaryKey }
		if _, found := root.get(binaryKey); found && !slices.ContainsFunc(root.entries, other) {
			problems.add(root.line, nil, wroteBinary, chosen)
		}
		return root
	}
}
