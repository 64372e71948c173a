package signaling

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/downbeat-sync/downbeat/access"
)

// guardUploads lets those begin an upload who may add to the recording's
// session. What has begun has an unguessable name, which is permission enough.
func (s *Server) guardUploads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Method = meant(r)
		if r.Method != http.MethodPost || s.access.Mode() == access.Open {
			next.ServeHTTP(w, r)
			return
		}
		if bearer(r) == "" { // nothing is looked up for a stranger
			writeError(w, 0, s.access.Call(access.Add, "", ""))
			return
		}
		place, err := s.cfg.Sessions.PlaceOf(r.Context(), uploadOf(r.Header.Get("Upload-Metadata")))
		if err == nil {
			r.SetPathValue("id", place.SessionID)
			err = s.permitted(r, access.Add)
		}
		if err != nil {
			writeError(w, 0, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// meant returns the method of a request to the uploads. tus lets clients that can't
// send PATCH or DELETE say it in a header.
func meant(r *http.Request) string {
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" {
		return strings.ToUpper(over)
	}
	return r.Method
}

// uploadOf finds the recording's id in the metadata of tus: names and values
// in base64, joined by commas.
func uploadOf(metadata string) string {
	for pair := range strings.SplitSeq(metadata, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if name == "recordingId" {
			id, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
			return string(id)
		}
	}
	return ""
}
