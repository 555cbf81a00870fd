// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"io"
	"slices"
	"sync"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/logging"
	"github.com/sirupsen/logrus"
)

// Limits of one manifest.
const (
	MaxBytes      = 1 << 20
	MaxLeaves     = 1000
	MaxRecipients = 64
)

// Manifest is a file that passed every rule that needs no key. Its content is not
// authenticated; Decrypt does that.
type Manifest struct {
	// Name is the name of the file, as given to Verify.
	Name string
	// Leaves are the secrets in the order of the file, at least one.
	Leaves []Leaf
	// Recipients are the keys that can decrypt the file: age recipients as they are,
	// others after their kind.
	Recipients []string
	// Sealed is when sops last wrote the file, to the second, as the file contains it.
	// The MAC covers it.
	Sealed time.Time

	locations []location // of Leaves, in the same order
	macLine   int
	metadata  sops.Metadata
	// carriageReturns are looked for in values: see format.
	carriageReturns bool
	// openQuote is as in format.
	openQuote string
}

// Leaf is one encrypted secret of a manifest, or one field of a connection.
type Leaf struct {
	// Workflow is empty for a field of a connection.
	Workflow string
	// Type and Connection are empty for a secret.
	Type, Connection string
	// Name is the name of the secret or field.
	Name string
	// Line is the line of its name.
	Line int
	// SOPS1 is the fingerprint of ciphertext and address: equal if
	// unchanged; different if the value can have changed.
	SOPS1 string
}

// Claimed is what a leaf belongs to: a secret, or a connection. It is comparable.
type Claimed struct {
	// Workflow is empty for a connection, Type for a secret.
	Workflow, Type string
	Name           string
}

// Claimed is the secret that the leaf is, or the connection that it is a field of.
func (l Leaf) Claimed() Claimed {
	if l.Type != "" {
		return Claimed{Type: l.Type, Name: l.Connection}
	}
	return Claimed{Workflow: l.Workflow, Name: l.Name}
}

// String is the path in the tree, as in Problem.Path.
func (c Claimed) String() string {
	if c.Type != "" {
		return showPath([]string{"connections", c.Type, c.Name})
	}
	return showPath([]string{"workflows", c.Workflow, c.Name})
}

// Verify parses a manifest and applies every rule that needs no key. name is for
// messages, and its suffix, .yaml, .yml or .json, selects the format. The error is a
// *Problems with all problems; a file with invalid syntax is not parsed further.
func Verify(name string, data []byte) (*Manifest, error) {
	format, known := manifestFormat(name)
	if !known {
		problems := &Problems{File: name}
		problems.add(0, nil, "has a name that does not end with .yaml, .yml or .json; for another file, add an entry under map in the configuration, which sets the workflow of its secrets")
		return nil, problems
	}
	return verify(name, data, format)
}

func verify(name string, data []byte, format format) (m *Manifest, err error) {
	problems := &Problems{File: name}
	defer func() {
		// SOPS panics on some malicious files. The text of the panic can quote them.
		if recover() != nil {
			problems.add(0, nil, "cannot be read by SOPS; "+restore)
			m, err = nil, problems
		}
	}()
	muteSOPS()

	if checkContent(data, problems); problems.found() {
		return nil, problems
	}
	root := format.plain(data, problems)
	if checkEncrypted(data, problems); problems.found() {
		return nil, problems
	}
	places, lines := format.layout.find(root, problems)
	meta, found := root.get(sopsKey)
	if !found {
		problems.add(0, nil, "has no sops section, so its values cannot be decrypted: its end was lost; "+restore)
		return nil, problems
	}
	if count := listedRecipients(meta); count > MaxRecipients { // before SOPS makes a key of each
		problems.add(meta.line, []string{sopsKey}, tooManyRecipients, count, MaxRecipients)
		return nil, problems.sorted()
	}
	metadata := readSOPS(format, data, meta, places, problems)
	checkSealed(metadata, places, lines, problems)
	checkTime(metadata, meta, time.Now(), problems)
	if problems.found() {
		return nil, problems.sorted()
	}
	m = newManifest(name, places, lines, meta, metadata)
	m.carriageReturns, m.openQuote = format.carriageReturns, format.openQuote
	return m, nil
}

// readSOPS is the second reading, by SOPS.
func readSOPS(format format, data []byte, meta entry, places []location, problems *Problems) sops.Metadata {
	tree, err := format.store.LoadEncryptedFile(data)
	if err != nil { // the text of err can quote the file
		problems.add(meta.line, []string{sopsKey}, "cannot be read by SOPS: it has no recipient, more than one selector, or an invalid time; "+restore)
		return sops.Metadata{}
	}
	broken := problems.found()
	checkMetadata(tree.Metadata, meta, problems)
	if broken { // the readings differ because of the problems found before
		return tree.Metadata
	}
	if read, ok := format.layout.read(tree.Branches); !ok || !slices.Equal(read, places) {
		problems.add(0, nil, "is ambiguous: SOPS parses it differently from its plain syntax; "+repeatChange)
	}
	return tree.Metadata
}

func newManifest(name string, places []location, lines []int, meta entry, metadata sops.Metadata) *Manifest {
	m := &Manifest{
		Name:       name,
		Recipients: recipientsOf(metadata),
		Sealed:     metadata.LastModified.UTC().Truncate(time.Second),
		locations:  places,
		macLine:    meta.line,
		metadata:   metadata,
	}
	if mac, found := meta.value.get("mac"); found {
		m.macLine = mac.line
	}
	for i, p := range places {
		m.Leaves = append(m.Leaves, Leaf{
			Workflow: p.workflow, Type: p.kind, Connection: p.connection, Name: p.name, Line: lines[i], SOPS1: sops1(p.path(), p.sealed),
		})
	}
	return m
}

// muteSOPS silences the global loggers of SOPS, which print texts of the file. It runs
// with the first file of the process, not with the import.
var muteSOPS = sync.OnceFunc(func() {
	logging.SetLevel(logrus.PanicLevel)
	for _, logger := range logging.Loggers {
		logger.SetOutput(io.Discard)
	}
})
