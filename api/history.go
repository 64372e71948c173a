package api

import (
	"net/http"
	"strconv"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// defaultListed is how many commands are listed where the caller doesn't say.
const defaultListed = 100

// getCommands lists a session's commands, the latest first.
func (s *Server) getCommands(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r, defaultListed, session.MaxListed)
	if err != nil {
		writeError(w, 0, err)
		return
	}
	list, more, err := s.cfg.Sessions.Commands(r.Context(), r.PathValue("id"), limit, r.URL.Query().Get("before"))
	if list == nil {
		list = []session.Issued{}
	}
	answer(w, http.StatusOK, struct {
		Success  bool             `json:"success"`
		Commands []session.Issued `json:"commands"`
		More     bool             `json:"more"`
	}{true, list, more}, err)
}

// limitOf reads how many rows a request wants, up to most.
func limitOf(r *http.Request, otherwise, most int) (int, error) {
	said := r.URL.Query().Get("limit")
	if said == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || n > most {
		return 0, &session.Error{Code: wire.CodeBadField, Message: "limit must be a number from 1 to " + strconv.Itoa(most)}
	}
	return n, nil
}
