// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	_ "embed"
	"fmt"
	"net/http"
	"sync"

	"sigs.k8s.io/yaml"
)

// documentPath is where the OpenAPI document is. It needs no token.
const documentPath = "/api/openapi.json"

//go:embed openapi.yaml
var documentYAML []byte

// documentJSON is the OpenAPI document in JSON.
var documentJSON = sync.OnceValue(func() []byte {
	data, err := yaml.YAMLToJSON(documentYAML)
	if err != nil {
		panic(fmt.Sprintf("the embedded OpenAPI document: %v", err))
	}
	return data
})

func serveDocument(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(documentJSON()) // an error means that the client is gone
}
