// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/puppetlabs/leg/encoding/transfer"
	"google.golang.org/protobuf/encoding/protowire"
)

func (s *Server) getOutput(w http.ResponseWriter, r *http.Request) {
	of, name := segment(r, 1), segment(r, 2)
	found, is := s.outputs.get(of, name)
	if !is {
		notFound.write(w)
		return
	}
	var metadata map[string]bool
	if found.sensitive != nil {
		metadata = map[string]bool{"Sensitive": *found.sensitive}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"task_name": of, "key": name, "value": transfer.JSONInterface{Data: found.value}, "metadata": metadata,
	})
}

// putOutput accepts JSON, in which strings can be encoded, and text.
func (s *Server) putOutput(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		malformed.write(w)
		return
	}
	var value transfer.JSONInterface
	switch r.Header.Get("Content-Type") {
	case "application/json":
		if err := json.Unmarshal(body, &value.Data); err != nil {
			malformed.write(w)
			return
		}
	case "text/plain", "application/octet-stream", "":
		value.Data = string(body)
	default:
		unknownMedia.write(w)
		return
	}
	s.changeOutput(w, r, len(body), func(o *output) { o.value = value.Data })
}

func (s *Server) putOutputMetadata(w http.ResponseWriter, r *http.Request) {
	var metadata struct{ Sensitive bool }
	if err := json.NewDecoder(r.Body).Decode(&metadata); err != nil {
		malformed.write(w)
		return
	}
	s.changeOutput(w, r, sameValue, func(o *output) { o.sensitive = &metadata.Sensitive })
}

func (s *Server) changeOutput(w http.ResponseWriter, r *http.Request, size int, change func(*output)) {
	if err := s.outputs.change(segment(r, 1), size, change); err != nil {
		notWritten.because(err.Error() + ".").write(w)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// putStatus accepts the exit code of Relay's entrypoint: relay-step has that of its command.
func putStatus(w http.ResponseWriter, r *http.Request) {
	acceptJSON(w, r, func(map[string]any) bool { return true })
}

func postDecorator(w http.ResponseWriter, r *http.Request) {
	acceptJSON(w, r, func(body map[string]any) bool {
		_, is := body["type"].(string)
		return is
	})
}

// acceptJSON answers 201 to an object that is valid, and drops it.
func acceptJSON(w http.ResponseWriter, r *http.Request, valid func(map[string]any) bool) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !valid(body) {
		malformed.write(w)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// postValidate has no schema of a step's image, as Relay without a registry of schemas.
func postValidate(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, nil)
}

// putTimer accepts a measurement of Relay's, and drops it.
func putTimer(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }

// Fields of Relay's messages about logs (relay-pls, plspb).
const (
	fieldLogName   protowire.Number = 2 // of LogCreateRequest
	fieldPayload   protowire.Number = 3 // of LogMessageAppendRequest
	fieldLogID     protowire.Number = 1 // of both responses
	fieldMessageID protowire.Number = 2 // of LogMessageAppendResponse
)

// postLog opens a log: its name is its id.
func (s *Server) postLog(w http.ResponseWriter, r *http.Request) {
	name, ok := fieldOfBody(w, r, fieldLogName)
	if !ok {
		return
	}
	writeMessage(w, http.StatusCreated, stringField(nil, fieldLogID, string(name)))
}

// postLogMessage passes a message on.
func (s *Server) postLogMessage(w http.ResponseWriter, r *http.Request) {
	payload, ok := fieldOfBody(w, r, fieldPayload)
	if !ok {
		return
	}
	if _, err := s.logs.Write(payload); err != nil {
		notWritten.write(w)
		return
	}
	answer := stringField(nil, fieldLogID, segment(r, 1))
	writeMessage(w, http.StatusAccepted, stringField(answer, fieldMessageID, fmt.Sprint(s.messages.Add(1))))
}

// fieldOfBody is a field of the message in a request. If it is not one, it answers.
func fieldOfBody(w http.ResponseWriter, r *http.Request, want protowire.Number) (value []byte, ok bool) {
	if r.Header.Get("Content-Type") != "application/octet-stream" {
		unknownMedia.write(w)
		return nil, false
	}
	body, err := io.ReadAll(r.Body)
	value, valid := fieldOf(body, want)
	if err != nil || !valid {
		malformed.write(w)
		return nil, false
	}
	return value, true
}

// fieldOf is the last field of a number and of type bytes, as protobuf has it; nil for none.
func fieldOf(message []byte, want protowire.Number) (value []byte, valid bool) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return nil, false
		}
		message = message[size:]
		if size = protowire.ConsumeFieldValue(number, kind, message); size < 0 {
			return nil, false
		}
		if number == want && kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message)
		}
		message = message[size:]
	}
	return value, true
}

func stringField(to []byte, number protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, number, protowire.BytesType), text)
}

func writeMessage(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // protobuf, not a page; an error means that the step has closed the connection
}
