// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Input is the source of a value.
type Input struct {
	// File is the path of a file with the value; every byte of it is written. Empty for
	// none.
	File string
	// Prompt reads one line from the terminal without echo. If it is nil, Stdin is read.
	Prompt func(label string) (string, error)
	// Drop drops what was typed or pasted and not read, and reports whether there was a
	// line of it. It is called after the last prompt, if it is set.
	Drop  func() bool
	Stdin io.Reader
	// KeepNewline keeps the newline at the end of Stdin. Otherwise one newline is
	// removed, because echo and most commands add it.
	KeepNewline bool
	// MaxBytes limits the size of the value; 0 means secrets.DefaultMaxValueBytes.
	MaxBytes int
}

var errEmpty = errors.New("the value is empty: nothing was written")

// Read reads the value. The error never holds it.
func (in Input) Read(a secrets.Address) (secrets.Value, error) {
	text, err := in.text(a)
	if err != nil {
		return secrets.Value{}, err
	}
	return secrets.NewValue(text), nil
}

func (in Input) text(a secrets.Address) (string, error) {
	text, err := in.raw(a)
	if err == nil && text == "" {
		err = errEmpty
	}
	return text, err
}

func (in Input) raw(a secrets.Address) (string, error) {
	if in.File != "" {
		// Not conffile.Read: with --from-file <(command) the file is a FIFO.
		file, err := os.Open(in.File)
		if err != nil {
			return "", fmt.Errorf("read the value: %w", err)
		}
		defer file.Close()
		return in.all(file)
	}
	if in.Prompt != nil {
		return in.ask(a)
	}
	text, err := in.all(in.Stdin)
	if err == nil && !in.KeepNewline {
		text = strings.TrimSuffix(text, "\n")
	}
	return text, err
}

// ask prompts twice, because the value cannot be read later.
func (in Input) ask(a secrets.Address) (string, error) {
	first, err := in.Prompt(fmt.Sprintf("Value of %s (not shown): ", a))
	if err != nil || first == "" {
		return "", err
	}
	again, err := in.Prompt("Once more: ")
	if err != nil {
		return "", err
	}
	switch more := in.Drop != nil && in.Drop(); {
	case more:
		return "", errors.New("the value has several lines: nothing was written. Hint: use --from-file, or standard input")
	case again != first:
		return "", errors.New("the two values differ: nothing was written. Hint: for a value with several lines use --from-file, or standard input")
	}
	return first, nil
}

func (in Input) all(from io.Reader) (string, error) {
	limit := in.MaxBytes
	if limit == 0 {
		limit = secrets.DefaultMaxValueBytes
	}
	data, err := io.ReadAll(io.LimitReader(from, int64(limit)+2))
	if err != nil {
		return "", fmt.Errorf("read the value: %w", err)
	}
	if len(data) > limit+1 {
		return "", errors.New("nothing was written: " + secrets.TooLarge(limit))
	}
	return string(data), nil
}
