// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package form

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Limits of a form.
const (
	// maxParts is more than the fields of a connection with all its fields.
	maxParts = 250
	// maxText is the size of a field that is not a value.
	maxText = 8 << 10
	// overhead is for the texts and the separators of a form, beside its values.
	overhead = 64 << 10
)

var (
	// ErrTooLarge: the form is larger than the limit, or one of its fields is.
	ErrTooLarge = errors.New("the form is too large")
	// ErrMalformed: the body is not a form.
	ErrMalformed = errors.New("the request is not a form of this page")
)

// Form has the fields of a form.
type Form struct {
	fields   map[string][]string
	files    map[string][]byte
	maxValue int
}

// Skip reads a form and keeps nothing of it: many clients do not read an answer before they
// have sent all.
func Skip(w http.ResponseWriter, r *http.Request, maxValue int) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody(maxValue)))
}

// maxBody is the largest body of a form with a value: a text area has two bytes for each line
// break.
func maxBody(maxValue int) int64 { return int64(2*maxValue + overhead) }

// Read reads the form in the body of a request. Values have at most maxValue bytes. Errors:
// ErrTooLarge, ErrMalformed.
func Read(w http.ResponseWriter, r *http.Request, maxValue int) (*Form, error) {
	f := &Form{fields: map[string][]string{}, files: map[string][]byte{}, maxValue: maxValue}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, ErrMalformed
	}
	switch kind {
	case "multipart/form-data":
		r.Body = http.MaxBytesReader(w, r.Body, maxBody(maxValue))
		err := sized(f.multipart(multipart.NewReader(r.Body, parameters["boundary"])))
		if errors.Is(err, ErrTooLarge) && maxValue > 0 {
			err = fmt.Errorf("%w: %s", ErrTooLarge, secrets.TooLarge(maxValue))
		}
		return f, err
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(w, r.Body, overhead)
		return f, sized(f.encoded(r.Body))
	}
	return nil, ErrMalformed
}

// sized is ErrTooLarge for a body above its limit, and ErrMalformed for other errors:
// those of the parsers can quote the form.
func sized(err error) error {
	if _, is := errors.AsType[*http.MaxBytesError](err); is || errors.Is(err, ErrTooLarge) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return ErrTooLarge
	}
	if err != nil {
		return ErrMalformed
	}
	return nil
}

func (f *Form) encoded(body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if strings.Count(string(text), "&") >= maxParts {
		return ErrTooLarge
	}
	values, err := url.ParseQuery(string(text))
	f.fields = values
	return err
}

func (f *Form) multipart(from *multipart.Reader) error {
	for range maxParts {
		part, err := from.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.part(part); err != nil {
			return err
		}
	}
	return ErrTooLarge
}

func (f *Form) part(part *multipart.Part) error {
	defer part.Close()
	// One byte more than allowed, so that Value reports it as the error of a field.
	content, err := io.ReadAll(io.LimitReader(part, int64(max(2*f.maxValue, maxText)+2)))
	if err != nil {
		return err
	}
	if name := part.FormName(); part.FileName() != "" {
		f.files[name] = content
	} else {
		f.fields[name] = append(f.fields[name], string(content))
	}
	// What is left of a part is read by NextPart, up to the limit of the body.
	return nil
}

// Text returns the first field of a name, without white space at its ends; empty if it is
// missing. A longer text than a text may be is cut, and still too long for every use.
func (f *Form) Text(name string) string {
	all := f.fields[name]
	if len(all) == 0 {
		return ""
	}
	text := strings.TrimSpace(all[0])
	return text[:min(len(text), maxText)]
}

// Checked reports whether a checkbox is checked.
func (f *Form) Checked(name string) bool { return f.Text(name) != "" }

// tooLarge is the problem of a value above the limit.
func (f *Form) tooLarge() error {
	return errors.New(secrets.TooLarge(f.maxValue))
}

// Secret returns the first field of a name as it was sent, such as a password.
func (f *Form) Secret(name string) string {
	if all := f.fields[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}
