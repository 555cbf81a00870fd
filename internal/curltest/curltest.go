// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package curltest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// headers are those of curl's -H, which may be in a file.
type headers map[string]string

func (h headers) String() string { return "" }

func (h headers) Set(line string) error {
	if file, isFile := strings.CutPrefix(line, "@"); isFile {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		line = string(data)
	}
	name, value, found := strings.Cut(strings.TrimSpace(line), ": ")
	if !found {
		return errors.New("expected a header")
	}
	h[name] = value
	return nil
}

// Run is curl -sS [-X METHOD] [-H HEADER] [--data-binary TEXT|@FILE] URL. It fails for a status that
// is not a success, so that a script sees it.
func Run(args []string, out io.Writer) error {
	flags, sent := flag.NewFlagSet("curl", flag.ContinueOnError), headers{}
	flags.Bool("sS", false, "")
	flags.Var(sent, "H", "")
	method, data := flags.String("X", "", ""), flags.String("data-binary", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var body io.Reader = http.NoBody
	if *data != "" {
		body = strings.NewReader(*data)
		if path, isFile := strings.CutPrefix(*data, "@"); isFile {
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			body = file
		}
		if *method == "" {
			*method = http.MethodPost
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), *method, flags.Arg(0), body)
	if err != nil {
		return err
	}
	for name, value := range sent {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(out, response.Body); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
