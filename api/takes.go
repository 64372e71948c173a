package api

import (
	"net/http"

	"github.com/downbeat-sync/downbeat/session"
)

// patchTake renames a take, marks it and comments on it.
func (s *Server) patchTake(w http.ResponseWriter, r *http.Request) {
	var q struct{ PostureLabel, Mark, Note *string }
	if !readJSON(w, r, &q) {
		return
	}
	take, err := s.cfg.Sessions.ChangeTake(r.Context(), r.PathValue("id"), r.PathValue("take"), session.TakeChange{
		PostureLabel: q.PostureLabel, Mark: q.Mark, Note: q.Note,
	})
	answer(w, http.StatusOK, struct {
		Success bool                `json:"success"`
		Take    session.TakeChanged `json:"take"`
	}{true, take}, err)
}

// deleteTake deletes a take, its recordings and their files.
func (s *Server) deleteTake(w http.ResponseWriter, r *http.Request) {
	force := r.URL.Query().Get("force") == "true"
	err := s.cfg.Sessions.DeleteTake(r.Context(), r.PathValue("id"), r.PathValue("take"), force)
	answer(w, http.StatusOK, ok{true}, err)
}
