package api

import (
	"net/http"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
)

// patchSession calls a session otherwise.
func (s *Server) patchSession(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Name *string `json:"name"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	if q.Name == nil {
		writeError(w, 0, plainjson.Missing("name"))
		return
	}
	answer(w, http.StatusOK, ok{true}, s.cfg.Sessions.Rename(r.Context(), r.PathValue("id"), *q.Name))
}

// deleteSession ends a session for all.
func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, ok{true}, s.cfg.Sessions.End(r.Context(), r.PathValue("id")))
}
