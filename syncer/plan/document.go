// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// documentFormat is the format of a Document. Its id contains it, so that a program that
// shows another format cannot compute the same id.
const documentFormat = "relay-plan/1"

// Document is a plan of which something waits for approval, as a person sees it. It has all
// that an approval applies and what that was decided from: the same document is the same
// plan. It contains no value.
type Document struct {
	Format string `json:"format"`
	// Namespace and Mount are the location in Vault. The approval is stored there, too.
	Namespace string `json:"namespace"`
	Mount     string `json:"mount"`
	// Controller and Source are who would carry the plan out.
	Controller string `json:"controller"`
	Source     string `json:"source"`
	// Commit is the last one that changed a file of the source.
	Commit string `json:"commit"`
	// Actions are what waits and what would change with it, in order of address.
	Actions []DocumentAction `json:"actions"`
}

// DocumentAction is one change of a Document.
type DocumentAction struct {
	// Path is that of Vault's API for the entry, such as customers/data/workflows/shop/token.
	Path string `json:"path"`
	// Kind is "connection" for a connection, and left out for a secret.
	Kind string `json:"kind,omitempty"`
	// Workflow is the workflow, or the type of a connection.
	Workflow string `json:"workflow"`
	Name     string `json:"name"`
	// Action is what the sync does now, and Approved what it does once the plan is
	// approved, if that is another action.
	Action   Kind   `json:"action"`
	Approved Kind   `json:"approved,omitempty"`
	Cause    string `json:"cause,omitempty"`
	// File and Line are the position of the value in the commit; none for a delete.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Sealed is when the file was encrypted, and SOPS1 the fingerprint of the ciphertext.
	Sealed string `json:"sealed,omitempty"`
	SOPS1  string `json:"sops1,omitempty"`
	// Version is the current version in Vault, 0 for none, and Created when it was written.
	Version int    `json:"version"`
	Created string `json:"created,omitempty"`
	// LastOwner is the owner of the newest record that counts; left out for none.
	LastOwner secrets.Owner `json:"last_owner,omitempty"`
	// Records are the records of all owners, as text.
	Records map[string]string `json:"records"`
}

// Location is where a plan is carried out, and by whom.
type Location struct {
	Namespace, Mount, Controller, Source string
}

// Pending is the document of a plan, nil if nothing in it waits for approval. commit is
// the last one that changed a file of the source: other commits of a busy branch change no
// plan.
func Pending(at Location, commit string, actions []Action) *Document {
	if !slices.ContainsFunc(actions, func(a Action) bool { return a.Kind == PendingApproval }) {
		return nil
	}
	d := &Document{
		Format: documentFormat, Namespace: at.Namespace, Mount: at.Mount, Controller: at.Controller, Source: at.Source,
		Commit: commit, Actions: []DocumentAction{},
	}
	for _, a := range actions {
		if a.Approved != "" || a.Kind.Changes() {
			d.Actions = append(d.Actions, a.document())
		}
	}
	return d
}

func (a Action) document() DocumentAction {
	seen := a.Entry.Seen()
	out := DocumentAction{
		Path: a.Address.Path(), Kind: a.Address.Kind.Label(), Workflow: a.Address.Group, Name: a.Address.Name,
		Action: a.Kind, Approved: a.Approved, Cause: a.Cause, Version: seen.Version, Records: a.Entry.RecordTexts(),
	}
	out.LastOwner, _, _ = a.Entry.LastOwner()
	if seen.Version > 0 {
		out.Created = seen.Created.UTC().Format(time.RFC3339Nano)
	}
	if w := a.Want; w != nil {
		out.File, out.Line, out.SOPS1, out.Sealed = w.File, w.Line, w.SOPS1, stamp(w.Sealed)
	}
	return out
}

// ID is the id of the plan: the SHA-256 of the document's canonical JSON (RFC 8785), in
// 64 hexadecimal digits. A person's program computes it from what it shows, so that an
// approval is for nothing else.
func (d Document) ID() string {
	text, err := json.Marshal(d)
	if err == nil {
		text, err = jcs.Transform(text)
	}
	if err != nil {
		panic("plan: a document of texts and numbers has JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ParseDocument reads a document from elsewhere. A field that this version does not know is
// refused: the person would not see it. Errors: ErrDocument.
func ParseDocument(text []byte) (Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return Document{}, fmt.Errorf("%w: the JSON has another form", ErrDocument)
	}
	return d, d.Check()
}

// ErrDocument: a document is not one that this version can show and approve.
var ErrDocument = errors.New("not a plan that this version of relay-sync can approve")

// Check refuses a document from elsewhere that names no location, nothing that waits, or
// another format. Errors: ErrDocument.
func (d Document) Check() error {
	if d.Format != documentFormat {
		return fmt.Errorf("%w: its format is %q, expected %q", ErrDocument, d.Format, documentFormat)
	}
	_, err := secrets.GitOpsOwner(d.Controller, d.Source)
	err = errors.Join(err, secrets.CheckPath("mount", d.Mount))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDocument, err)
	}
	for _, a := range d.Actions {
		if !strings.HasPrefix(a.Path, d.Mount+"/data/") || !strings.HasSuffix(a.Path, "/"+a.Workflow+"/"+a.Name) {
			return fmt.Errorf("%w: a path is not that of its workflow and name", ErrDocument)
		}
	}
	if !slices.ContainsFunc(d.Actions, func(a DocumentAction) bool { return a.Action == PendingApproval }) {
		return fmt.Errorf("%w: nothing in it is pending approval", ErrDocument)
	}
	return nil
}
