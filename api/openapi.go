package api

import (
	_ "embed"
	"net/http"
)

// description is the HTTP API as OpenAPI 3.1 has it.
//
//go:embed openapi.json
var description []byte

func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(description)
}
