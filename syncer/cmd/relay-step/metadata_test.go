// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// metadata is a command that sends a request to METADATA_API_URL and prints status and answer:
// `metadata PATH`, or `metadata METHOD PATH BODY [CONTENT-TYPE]`.
func metadata() {
	method, path, body, kind := http.MethodGet, os.Args[1], "", ""
	if len(os.Args) > 2 {
		method, path, body = os.Args[1], os.Args[2], os.Args[3]
	}
	if len(os.Args) > 4 {
		kind = os.Args[4]
	}
	request, err := http.NewRequest(method, os.Getenv("METADATA_API_URL")+path, strings.NewReader(body)) //nolint:noctx // a program of its own
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprint(os.Stdout, answer.StatusCode, " ")
	_, _ = io.Copy(os.Stdout, answer.Body)
}

// logMessage is a command that opens the log info and posts a message, as Relay's entrypoint
// does, and prints the ids of the answer.
func logMessage() {
	post := func(path string, fields map[protowire.Number]string) map[protowire.Number]string {
		var body []byte
		for number, text := range fields {
			body = protowire.AppendString(protowire.AppendTag(body, number, protowire.BytesType), text)
		}
		answer, err := http.Post(os.Getenv("METADATA_API_URL")+path, "application/octet-stream", bytes.NewReader(body)) //nolint:noctx // a program of its own
		if err != nil || answer.StatusCode/100 != 2 {
			fmt.Fprintln(os.Stderr, path, answer, err)
			os.Exit(1)
		}
		body, _ = io.ReadAll(answer.Body)
		out := map[protowire.Number]string{}
		for len(body) > 0 {
			number, _, size := protowire.ConsumeTag(body)
			text, length := protowire.ConsumeString(body[size:])
			out[number], body = text, body[size+length:]
		}
		return out
	}
	log := post("/logs", map[protowire.Number]string{1: "step", 2: "info"})
	message := post("/logs/"+log[1]+"/messages", map[protowire.Number]string{1: log[1], 2: "application/octet-stream", 3: os.Args[1] + "\n"})
	fmt.Fprintln(os.Stdout, message[1]+"/"+message[2])
}
